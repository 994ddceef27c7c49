import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openStateFiles } from '../apply/apply-state.ts'
import { createReleaseStore } from '../apply/release-store.ts'
import type { DrainProgress } from '../drain.ts'
import { readWaiting, TAKEOVER_FILE } from '../health/takeover.ts'
import { connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { parseAgentConfig } from '../spec/parse-agent-config.ts'
import { formatProblem } from '../spec/problem.ts'
import { askNodes, type OtherNode } from './ask-nodes.ts'
import { BACKUP_DIRECTORY, type Backup, readBackup } from './backup.ts'
import { goBack, stopAgent, type Way, wayBack } from './go-back.ts'
import { done, failed, type Obstacle, type Step } from './options.ts'
import { AGENT_UNITS, DAEMON_UNITS, isActive, unitsOf } from './units.ts'
import { upheldAmong } from './upheld.ts'

export type UninstallPlan =
  | { kind: 'obstacles'; obstacles: readonly Obstacle[] }
  /** `steps`: none where nothing is left to do. `after`: what a person should know or do when all of it is done. */
  | { kind: 'steps'; steps: readonly Step[]; after: readonly string[] }

const DRAIN_SILENT_FOR_MS = 10_000
const FORGOTTEN = ['state.json', 'journal.json', 'drains.json', 'suspension.json', TAKEOVER_FILE]

/** How this node goes back to what it was before lb-agent, without a lost request; found without changing it. */
export async function planUninstall(
  configFile: string,
  { alone }: { alone: boolean },
  signal: AbortSignal,
): Promise<UninstallPlan> {
  const text = await readFile(configFile, 'utf8').catch(() => undefined)
  if (text === undefined)
    return obstacle(
      `${configFile} is not there: lb-agent was not set up here, or with another --config`,
      'apt-get remove lb-agent takes the program away',
    )
  const parsed = parseAgentConfig(text, configFile, { hostname: hostname() })
  if (parsed.kind === 'problems') return obstacle(parsed.problems.map(formatProblem).join('\n'), 'mend the file first')
  const { config } = parsed
  const directory = join(config.paths.state, BACKUP_DIRECTORY)
  let backup: Backup | undefined
  let nodes: OtherNode[]
  try {
    backup = await readBackup(directory)
    nodes = await askOthers(config)
  } catch (error) {
    return obstacle((error as Error).message, 'mend it, or move it away: without it nothing is put back')
  }
  const units = await unitsOf(AGENT_UNITS, signal)
  const upheld = await upheldAmong([...AGENT_UNITS, ...DAEMON_UNITS], signal)
  const isRunning = units.some((unit) => unit.unit === 'lb-agent.service' && isActive(unit))
  const others = nodes.filter(({ missing }) => missing === undefined).map(({ name }) => name)
  const way = backup === undefined ? undefined : wayBack(config, backup, others)
  const unknown = nodes.filter(({ missing }) => missing !== undefined)
  // A node that waits has the old pair beside it, and goes back to it.
  const waits = readWaiting(join(config.paths.state, TAKEOVER_FILE)).length > 0
  if (way?.keepalived.kind === 'goes on' && unknown.length > 0 && !waits && !alone) return obstacleOf(unknown)
  const steps = [
    // Whoever goes back to VRRPv2, or stops, must have given the VIPs away before.
    ...(way?.keepalived.kind === 'stops' && isRunning && others.length > 0 ? [drainFirst(config, others)] : []),
    ...(units.some((unit) => isActive(unit) || unit.file === 'enabled' || upheld.includes(unit.unit))
      ? [stopAgent({ configFile, upheld })]
      : []),
    ...(backup === undefined || way === undefined ? [] : goBack(directory, backup, way, { configFile, upheld })),
    ...(FORGOTTEN.some((file) => existsSync(join(config.paths.state, file))) ? [forget(config)] : []),
  ]
  return { kind: 'steps', steps, after: steps.length === 0 ? [] : afterwards(config, way, upheld) }
}

async function askOthers(config: AgentConfig): Promise<OtherNode[]> {
  const { applied } = (await openStateFiles(config.paths.state)).current()
  const release =
    applied === null ? undefined : await createReleaseStore(join(config.paths.state, 'releases')).get(applied.release)
  return askNodes(config, release?.expectation.peers ?? [])
}

/** Its agent may be dead, or not to be reached, and its keepalived run all the same. */
function obstacleOf(unknown: readonly OtherNode[]): UninstallPlan {
  const told = unknown.map(({ name, address, missing }) => `${name} (${address}): ${missing}`).join('. ')
  return obstacle(
    `whether keepalived on another node runs what lb-agent wrote cannot be told; it would not hear the old file of this one, and both would hold the VIPs. ${told}`,
    'where lb-agent is uninstalled, or keepalived stopped: add --alone. Otherwise start the agent there, or let its port pass',
  )
}

function drainFirst(config: AgentConfig, others: readonly string[]): Step {
  return {
    what: `hand the VIPs over to ${others.join(' or ')}`,
    perform: async () => {
      let last: DrainProgress | undefined
      try {
        await connectControl(controlSocketOf(config)).stream(
          '/v1/drain?forStop=1',
          (line) => {
            last = line as DrainProgress
            return 'more'
          },
          DRAIN_SILENT_FOR_MS,
        )
      } catch (error) {
        return failed((error as Error).message, 'lb-agent status; then run it again')
      }
      const result = last !== undefined && 'result' in last ? last.result : undefined
      if (result?.kind === 'drained') return done()
      const reason = result === undefined ? 'the agent ended before it answered' : result.reason
      return failed(
        `this node still holds VIPs: ${reason}`,
        'lb-agent status --cluster shows who could take them; lb-agent undrain takes part again',
      )
    },
  }
}

/** A later install begins anew; the timeline, the mirror and the keys stay. */
function forget(config: AgentConfig): Step {
  return {
    what: `forget what was applied (${config.paths.state}/state.json)`,
    perform: async () => {
      for (const file of FORGOTTEN) await rm(join(config.paths.state, file), { force: true })
      return done()
    },
  }
}

function afterwards(config: AgentConfig, way: Way | undefined, upheld: readonly string[]): string[] {
  const start = upheld.includes('keepalived.service')
    ? 'systemctl unmask keepalived'
    : 'systemctl enable --now keepalived'
  const kept = `agent.yaml and ${config.paths.state} stay, with the keys; apt-get purge lb-agent removes all of it`
  if (way === undefined)
    return [
      `nothing was kept of the time before lb-agent (${join(config.paths.state, BACKUP_DIRECTORY)}), so HAProxy and keepalived go on with the last release. Put files of your own in place before the next boot: those of lb-agent need it`,
      kept,
    ]
  const { keepalived, others } = way
  if (keepalived.kind === 'goes on') return [`the old pair serves again here. On the other nodes: ${start}`, kept]
  if (others.length === 0 || keepalived.boots) return [`keepalived, ${keepalived.why}, is stopped here`, kept]
  return [
    `keepalived stays stopped here. When lb-agent is uninstalled on ${others.join(' and ')} as well: ${start}`,
    kept,
  ]
}

function obstacle(what: string, fix: string): UninstallPlan {
  return { kind: 'obstacles', obstacles: [{ what, fix }] }
}
