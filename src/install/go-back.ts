import type { AgentConfig } from '../spec/agent-config.ts'
import { type Backup, dropBackup, restoreBackup } from './backup.ts'
import { done, failed, type Step } from './options.ts'
import { AGENT_UNITS, systemctl } from './units.ts'

/** What becomes of a daemon: it goes on with the old file, or does not run, for a reason in words. */
type Fate = { kind: 'goes on' } | { kind: 'stops'; why: string; boots: boolean }

/** `others`: nodes on which an agent answers. */
export type Way = { others: readonly string[]; keepalived: Fate; haproxy: Fate }

export function wayBack(config: AgentConfig, backup: Backup, others: readonly string[]): Way {
  const fate = (unit: string, file: string): Fate => {
    if (backup.absent.includes(file))
      return { kind: 'stops', why: 'which had no file before install', boots: !backup.disabled.includes(unit) }
    if (backup.stopped.includes(unit))
      return { kind: 'stops', why: 'which did not run before install', boots: !backup.disabled.includes(unit) }
    return { kind: 'goes on' }
  }
  const keepalived = fate('keepalived.service', config.paths.keepalivedConfig)
  return {
    others,
    keepalived:
      keepalived.kind === 'goes on' && others.length > 0
        ? { kind: 'stops', why: 'whose old file the other nodes would not hear', boots: false }
        : keepalived,
    haproxy: fate('haproxy.service', config.paths.haproxyConfig),
  }
}

/** From a node without an agent to what it was before install. */
export function goBack(directory: string, backup: Backup, { others, keepalived, haproxy }: Way): Step[] {
  const paths = backup.files.map(({ path }) => path)
  const restored = [
    ...(paths.length > 0 ? [`put back ${paths.join(' and ')}`] : []),
    ...(backup.absent.length > 0 ? [`remove ${backup.absent.join(' and ')}`] : []),
  ]
  return [
    ...(keepalived.kind === 'stops'
      ? [stop('keepalived', `${keepalived.why}${others.length === 0 ? ': the VIPs leave this node' : ''}`)]
      : []),
    {
      what: restored.join(', '),
      perform: async () => {
        try {
          await restoreBackup(directory, backup)
          return done()
        } catch (error) {
          return failed((error as Error).message, `make room, or mend the permissions; the copies are in ${directory}`)
        }
      },
    },
    haproxy.kind === 'stops' ? stop('HAProxy', haproxy.why) : reload('HAProxy'),
    ...(keepalived.kind === 'stops' ? [] : [reload('keepalived')]),
    ...disable(backup, { keepalived, haproxy }),
    {
      what: `remove ${directory}`,
      perform: async () => {
        await dropBackup(directory)
        return done()
      },
    },
  ]
}

function disable(backup: Backup, fates: Pick<Way, 'keepalived' | 'haproxy'>): Step[] {
  const units = (['haproxy', 'keepalived'] as const).filter((daemon) => {
    const fate = fates[daemon]
    return backup.disabled.includes(`${daemon}.service`) || (fate.kind === 'stops' && !fate.boots)
  })
  if (units.length === 0) return []
  return [
    {
      what: `have ${units.join(' and ')} start at boot no longer`,
      perform: (signal) => systemctl(['disable', '--quiet', ...units.map((unit) => `${unit}.service`)], signal),
    },
  ]
}

function stop(daemon: 'HAProxy' | 'keepalived', why: string): Step {
  return {
    what: `stop ${daemon}, ${why}`,
    perform: (signal) => systemctl(['stop', unitOf(daemon)], signal),
  }
}

function reload(daemon: 'HAProxy' | 'keepalived'): Step {
  return {
    what: `reload ${daemon}`,
    perform: (signal) => systemctl(['reload-or-restart', unitOf(daemon)], signal),
  }
}

function unitOf(daemon: 'HAProxy' | 'keepalived'): string {
  return `${daemon.toLowerCase()}.service`
}

/** The agent first, so that the drain unit finds nobody to drain with: its stop is not that of the host. */
export function stopAgent(): Step {
  return {
    what: 'stop lb-agent, and have it start at boot no longer; HAProxy and keepalived go on',
    perform: async (signal) => {
      const stopped = await systemctl(['stop', 'lb-agent.service'], signal)
      return stopped.kind === 'failed' ? stopped : systemctl(['disable', '--quiet', '--now', ...AGENT_UNITS], signal)
    },
  }
}
