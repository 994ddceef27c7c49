import { accessSync, constants, existsSync } from 'node:fs'
import type { Distribution } from './distribution.ts'
import type { Obstacle } from './options.ts'
import { AGENT_UNITS, DAEMON_UNITS, unitsOf } from './units.ts'

/** Why nothing can be installed on this host, whatever is asked for; undefined where it can. */
export async function whyNotThisHost(distribution: Distribution, signal: AbortSignal): Promise<Obstacle | undefined> {
  if (!existsSync('/run/systemd/system'))
    return {
      what: `systemd does not run here (${distribution.name}), and lb-agent install sets up its units`,
      fix: 'in a container, or without systemd: write agent.yaml with supervisor: embedded, and lb-agent run (README, "Without systemd\'s units")',
    }
  try {
    accessSync('/etc', constants.W_OK)
  } catch (error) {
    return {
      what: `/etc cannot be written: ${(error as Error).message.replace(/, access .*/, '')}`,
      fix: 'mount -o remount,rw / (or that of /etc); on an image-based system write agent.yaml into the image',
    }
  }
  const units = await unitsOf([...AGENT_UNITS, ...DAEMON_UNITS], signal)
  const [agent] = units
  if (agent === undefined || agent.load !== 'loaded')
    return {
      what: 'lb-agent.service is not known to systemd: this lb-agent was not installed by its package',
      fix: 'apt-get install ./lb-agent_….deb, or ./install of the tarball, or the system extension on Flatcar; then run lb-agent install again',
    }
  const masked = units.filter(({ load }) => load === 'masked').map(({ unit }) => unit)
  if (masked.length > 0)
    return {
      what: `${masked.join(' and ')} ${masked.length === 1 ? 'is' : 'are'} masked: somebody wants ${masked.length === 1 ? 'it' : 'them'} never to start`,
      fix: `ask who; if nothing speaks against it: systemctl unmask ${masked.join(' ')}, then run lb-agent install again`,
    }
  return undefined
}
