import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { startsNotAtBoot } from '../at-boot.ts'
import { howToInstall, type PackageManager } from '../how-to-install.ts'
import { findPackageManager } from '../package-manager.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { DEFAULT_STATE } from '../spec/agent-schema.ts'
import { isActive, type UnitState, unitsOf } from './units.ts'

/** What is found on a host where no agent answers. */
export type Remains = {
  configFile: string
  /** agent.yaml is there. */
  isConfigured: boolean
  /** Whether something is said to be applied (state.json), which `lb-agent uninstall` forgets. */
  applied: 'yes' | 'no' | 'unknown'
  /** lb-agent.service; undefined where systemd cannot be asked, or is not what starts the agent. */
  unit: Pick<UnitState, 'load' | 'active' | 'file' | 'pulledInBy'> | undefined
  manager: PackageManager
}

/** Why lb-agent is not set up on this host, as part of a sentence, and what sets it up. */
export type NotSetUp = { reason: string; fix: string }

const UNIT = 'lb-agent.service'

/** Looks at what is on this host. `config`: of `configFile`; undefined where that is not there. Ask it only where no agent answers. */
export async function lookWhetherSetUp(
  configFile: string,
  config: Pick<AgentConfig, 'supervisor' | 'paths'> | undefined,
): Promise<NotSetUp | undefined> {
  const [unit] = config?.supervisor === 'embedded' ? [] : await unitsOf([UNIT], new AbortController().signal)
  return whyNotSetUp({
    ...{ configFile, isConfigured: existsSync(configFile), applied: isApplied(config?.paths.state ?? DEFAULT_STATE) },
    ...{ unit, manager: findPackageManager() },
  })
}

/**
 * Undefined where lb-agent is set up, or where that cannot be told: then an agent that does not answer is one that should run.
 * `lb-agent uninstall` leaves agent.yaml, and takes the unit from the next boot and what was applied from the state.
 */
export function whyNotSetUp({ configFile, isConfigured, applied, unit, manager }: Remains): NotSetUp | undefined {
  // It has served here: it was stopped, or its agent.yaml was lost.
  if (applied !== 'no' || (unit !== undefined && isActive(unit))) return undefined
  const isUnknown = unit?.load === 'not-found'
  const first = isUnknown ? `${howToInstall('lb-agent', manager)}; then ` : ''
  if (!isConfigured) {
    const reason = `${configFile} is not there${isUnknown ? `, and systemd knows no ${UNIT}` : ''}`
    const byHand = 'or by hand (README, "Other ways to install"); where another agent.yaml is meant: --config FILE'
    return { reason, fix: `${first}lb-agent install --repo URL, ${byHand}` }
  }
  if (unit === undefined) return undefined
  if (isUnknown) return { reason: `systemd knows no ${UNIT}, and nothing is applied`, fix: `${first}lb-agent install` }
  if (unit.load !== 'masked' && !startsNotAtBoot(unit)) return undefined
  return {
    reason: `${UNIT} neither runs nor starts at boot, and nothing is applied, as lb-agent uninstall leaves it`,
    fix: 'lb-agent install',
  }
}

/** Not every user may look there. */
function isApplied(state: string): Remains['applied'] {
  try {
    statSync(join(state, 'state.json'))
    return 'yes'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no' : 'unknown'
  }
}
