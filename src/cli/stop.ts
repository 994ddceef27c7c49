import { maskForThisBoot, unmaskForThisBoot, upheldAmong } from '../install/upheld.ts'
import { agentHere } from './agent-here.ts'
import { readAgentConfig } from './read-config.ts'

const UNITS = ['lb-agent.service', 'haproxy.service', 'keepalived.service']

/** Stops keepalived (which gives its VIPs away), then HAProxy, then the agent. Restarting the agent needs none of this. */
export async function stop(options: { config: string }): Promise<number> {
  const control = await agentHere(options.config)
  // Throws when nobody is there to stop anything.
  await control.get('/v1/status')
  const { signal } = new AbortController()
  const upheld = readAgentConfig(options.config).supervisor === 'embedded' ? [] : await upheldAmong(UNITS, signal)
  const why = upheld.length === 0 ? undefined : await keepAway(upheld, signal)
  if (why !== undefined) {
    console.error(`lb-agent: ${why}; nothing was stopped`)
    return process.getuid?.() === 0 ? 1 : 2
  }
  console.log('draining, then stopping keepalived and HAProxy …')
  try {
    await control.stream('/v1/stop', () => 'more')
  } catch (error) {
    if (upheld.length > 0) await unmaskForThisBoot(upheld, signal)
    throw error
  }
  const names = upheld.map((unit) => unit.replace('.service', '')).join(' ')
  console.log(
    upheld.length === 0
      ? 'keepalived and HAProxy are stopped, the agent ends. The next boot, or systemctl start, brings them back'
      : `keepalived and HAProxy are stopped, the agent ends. The next boot brings them back, or: systemctl unmask --runtime ${names}; systemctl start haproxy keepalived lb-agent`,
  )
  return 0
}

/** Gives why it cannot be done. The agent that stops them has no right to mask: whoever asks for the stop does it. */
async function keepAway(upheld: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const [they, them] = upheld.length === 1 ? ['it ends', 'it'] : ['they end', 'them']
  const again = `systemd starts ${upheld.join(' and ')} again whenever ${they} (Upholds=)`
  if (process.getuid?.() !== 0) return `${again}, and only root can mask ${them} until the next boot: run it as root`
  const reason = await maskForThisBoot(upheld, signal)
  return reason === undefined ? undefined : `${again}, and ${reason}`
}
