import type { AgentConfig } from '../spec/agent-config.ts'
import { type Backup, dropBackup, restoreBackup } from './backup.ts'
import { done, failed, type Step } from './options.ts'
import { AGENT_UNITS, systemctl } from './units.ts'
import { maskUpheld } from './upheld.ts'

/** What becomes of a daemon: it goes on with the old file, or does not run, for a reason in words. */
type Fate = { kind: 'goes on' } | { kind: 'stops'; why: string; boots: boolean }

/** `others`: nodes on which an agent answers. */
export type Way = { others: readonly string[]; keepalived: Fate; haproxy: Fate }

/** `upheld`: units that a stop alone does not keep away. */
export type Upheld = { configFile: string; upheld: readonly string[] }

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
export function goBack(
  directory: string,
  backup: Backup,
  { others, keepalived, haproxy }: Way,
  { configFile, upheld }: Upheld,
): Step[] {
  const stop = (daemon: 'HAProxy' | 'keepalived', why: string): Step =>
    stopDaemon(daemon, why, { configFile, upheld: upheld.filter((unit) => unit === unitOf(daemon)) })
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
    ...disable(backup, { keepalived, haproxy }, upheld),
    {
      what: `remove ${directory}`,
      perform: async () => {
        await dropBackup(directory)
        return done()
      },
    },
  ]
}

function disable(backup: Backup, fates: Pick<Way, 'keepalived' | 'haproxy'>, upheld: readonly string[]): Step[] {
  const units = (['haproxy', 'keepalived'] as const).filter((daemon) => {
    const fate = fates[daemon]
    // It is masked.
    if (fate.kind === 'stops' && upheld.includes(`${daemon}.service`)) return false
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

function stopDaemon(daemon: 'HAProxy' | 'keepalived', why: string, { configFile, upheld }: Upheld): Step {
  return {
    what: upheld.length === 0 ? `stop ${daemon}, ${why}` : `stop ${daemon}, ${why}, and mask it, as ${STARTS_AGAIN}`,
    perform: async (signal) => {
      const masked = await maskUpheld(configFile, upheld, signal)
      return masked.kind === 'failed' ? masked : systemctl(['stop', unitOf(daemon)], signal)
    },
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
export function stopAgent({ configFile, upheld }: Upheld): Step {
  const own = upheld.filter((unit) => AGENT_UNITS.includes(unit))
  return {
    what:
      own.length === 0
        ? 'stop lb-agent, and have it start at boot no longer; HAProxy and keepalived go on'
        : `mask lb-agent, as ${STARTS_AGAIN}, and stop it; HAProxy and keepalived go on`,
    perform: async (signal) => {
      const masked = await maskUpheld(configFile, own, signal)
      if (masked.kind === 'failed') return masked
      for (const unit of AGENT_UNITS) {
        const words = own.includes(unit) ? ['stop', unit] : ['disable', '--quiet', '--now', unit]
        const ended = await systemctl(words, signal)
        if (ended.kind === 'failed') return ended
      }
      return done()
    },
  }
}

const STARTS_AGAIN = 'systemd starts it again whenever it ends (Upholds=)'
