import { accessSync, constants, existsSync } from 'node:fs'
import type { Distribution } from './distribution.ts'
import type { Obstacle } from './options.ts'
import { AGENT_UNITS, DAEMON_UNITS, unitsOf } from './units.ts'
import { maskedByUninstall } from './upheld.ts'

/** Why nothing can be installed on this host, whatever is asked for; undefined where it can. */
export async function whyNotThisHost(
  distribution: Distribution,
  configFile: string,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
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
  const masked = units.filter(({ load }) => load === 'masked')
  const byUs = await maskedByUninstall(configFile)
  // Until the next boot: by lb-agent stop, or by a person.
  const foreign = masked.filter(({ unit, file }) => !byUs.includes(unit) || file === 'masked-runtime')
  if (foreign.length > 0) {
    const names = foreign.map(({ unit }) => unit)
    const words = foreign.every(({ file }) => file === 'masked-runtime') ? 'unmask --runtime' : 'unmask'
    return {
      what: `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} masked: somebody wants ${names.length === 1 ? 'it' : 'them'} never to start`,
      fix: `ask who; if nothing speaks against it: systemctl ${words} ${names.join(' ')}, then run lb-agent install again`,
    }
  }
  const [daemon] = masked.map(({ unit }) => unit).filter((unit) => DAEMON_UNITS.includes(unit))
  if (daemon !== undefined)
    return {
      what: `lb-agent uninstall has masked ${daemon}, and systemd starts it with its old file as soon as it is unmasked`,
      fix: `move its file away, if it may not run beside the other nodes; systemctl unmask ${daemon}, then run lb-agent install again`,
    }
  const [agent] = units
  if (agent === undefined || (agent.load !== 'loaded' && agent.load !== 'masked'))
    return {
      what: 'lb-agent.service is not known to systemd: this lb-agent was not installed by its package',
      fix: 'apt-get install ./lb-agent_….deb, or ./install of the tarball, or the system extension on Flatcar; then run lb-agent install again',
    }
  return undefined
}
