import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PULLED_IN_BY, pulledInBy } from '../at-boot.ts'
import type { PackageManager } from '../how-to-install.ts'
import { type Property, showUnits } from '../show-units.ts'
import type { Check } from './check.ts'
import { embeddedPid } from './examined.ts'
import {
  agentVerdict,
  embeddedVerdict,
  noSystemdVerdict,
  noUserVerdict,
  polkitVerdict,
  type UnitProperties,
  unitVerdict,
} from './verdicts/units.ts'
import type { Verdict } from './verdicts/verdict.ts'

const UNITS = ['haproxy.service', 'keepalived.service', 'lb-agent.service', 'lb-agent-drain.service']
const RULES = [
  '/etc/polkit-1/rules.d',
  '/run/polkit-1/rules.d',
  '/usr/local/share/polkit-1/rules.d',
  '/usr/share/polkit-1/rules.d',
]

export const UNIT_CHECKS: readonly Check[] = [
  {
    family: 'units',
    name: 'agent',
    look: async ({ config, agent }) => ({ agent: agentVerdict(agent, config.supervisor) }),
  },
  {
    family: 'units',
    name: 'user',
    look: async ({ agent }): Promise<Record<string, Verdict>> =>
      agent.user === undefined ? { user: noUserVerdict(agent.userName) } : {},
  },
  {
    family: 'units',
    name: 'daemons',
    look: async ({ config, agent, manager }, signal): Promise<Record<string, Verdict>> => {
      if (config.supervisor === 'systemd') return unitVerdicts(manager, signal)
      const verdict = (name: 'haproxy' | 'keepalived'): Verdict =>
        embeddedVerdict(
          name,
          embeddedPid(config, name),
          agent.answers === true,
          join(config.paths.state, `${name}.log`),
        )
      return { haproxy: verdict('haproxy'), keepalived: verdict('keepalived') }
    },
  },
  {
    family: 'units',
    name: 'polkit',
    look: async ({ config, manager }, signal): Promise<Record<string, Verdict>> => {
      if (config.supervisor === 'embedded') return {}
      const said = await show(['polkit.service'], signal)
      if (said.kind === 'failed') return {}
      const { rules, unread } = polkitRules()
      return { polkit: polkitVerdict(said.units.get('polkit.service')?.load, rules, unread, manager) }
    },
  },
]

async function unitVerdicts(manager: PackageManager, signal: AbortSignal): Promise<Record<string, Verdict>> {
  const said = await show(UNITS, signal)
  if (said.kind === 'failed') return { systemd: noSystemdVerdict(said.reason) }
  return Object.fromEntries(
    UNITS.map((unit) => [unit.replace('.service', ''), unitVerdict(unit, said.units.get(unit), manager)]),
  )
}

type Shown = { kind: 'units'; units: ReadonlyMap<string, UnitProperties> } | { kind: 'failed'; reason: string }

async function show(units: readonly string[], signal: AbortSignal): Promise<Shown> {
  const properties = ['LoadState', 'ActiveState', 'SubState', 'UnitFileState', ...PULLED_IN_BY]
  const shown = await showUnits(units, properties, signal)
  if (shown.kind === 'failed') return shown
  return { kind: 'units', units: new Map(shown.units.map((of, index) => [units[index] ?? '', propertiesOf(of)])) }
}

function propertiesOf(of: Property): UnitProperties {
  return {
    load: of('LoadState'),
    active: of('ActiveState'),
    sub: of('SubState'),
    file: of('UnitFileState'),
    pulledInBy: pulledInBy(of),
  }
}

function polkitRules(): { rules: string[]; unread: string[] } {
  const unread: string[] = []
  const rules = RULES.flatMap((directory) => {
    try {
      return readdirSync(directory)
        .map((name) => join(directory, name))
        .filter((file) => /lb-agent[\s\S]*reload-or-restart/.test(readFileSync(file, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') unread.push(directory)
      return []
    }
  })
  return { rules, unread }
}
