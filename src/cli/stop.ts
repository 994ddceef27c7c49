import { connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import { readAgentConfig } from './read-config.ts'

/** Stops keepalived (which gives its VIPs away), then HAProxy, then the agent. Restarting the agent needs none of this. */
export async function stop(options: { config: string }): Promise<number> {
  const control = connectControl(controlSocketOf(readAgentConfig(options.config)))
  // Throws when nobody is there to stop anything.
  await control.get('/v1/status')
  console.log('draining, then stopping keepalived and HAProxy …')
  await control.stream('/v1/stop', () => 'more')
  console.log('keepalived and HAProxy are stopped, the agent ends. The next boot, or systemctl start, brings them back')
  return 0
}
