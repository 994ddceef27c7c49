import { connectControl } from './control-client.ts'
import { readAgentConfig } from './read-config.ts'

/** Stops keepalived (which gives its VIPs away), then HAProxy, then the agent. Restarting the agent needs none of this. */
export async function stop(options: { config: string }): Promise<number> {
  const control = connectControl(readAgentConfig(options.config))
  try {
    await control.stream('/v1/stop', () => 'more')
    console.log('keepalived and HAProxy are stopped, the agent ends')
    return 0
  } finally {
    await control.close()
  }
}
