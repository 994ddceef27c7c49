import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openStateFiles } from '../apply/apply-state.ts'
import { createReleaseStore } from '../apply/release-store.ts'
import { createAskPeer } from '../ask-peer.ts'
import type { DrainProgress } from '../drain.ts'
import { TAKEOVER_FILE } from '../health/takeover.ts'
import { connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { parseAgentConfig } from '../spec/parse-agent-config.ts'
import { formatProblem } from '../spec/problem.ts'
import { BACKUP_DIRECTORY, type Backup, dropBackup, readBackup, restoreBackup } from './backup.ts'
import { done, failed, type Obstacle, type Step } from './options.ts'
import { AGENT_UNITS, isActive, systemctl, unitsOf } from './units.ts'

export type UninstallPlan =
  | { kind: 'obstacles'; obstacles: readonly Obstacle[] }
  /** `after`: what a person should know or do when all of it is done. */
  | { kind: 'steps'; steps: readonly Step[]; after: readonly string[] }

const ANSWERS_WITHIN_MS = 2_000
const DRAIN_SILENT_FOR_MS = 10_000

/** How this node goes back to what it was before lb-agent, without a lost request; found without changing it. */
export async function planUninstall(configFile: string, signal: AbortSignal): Promise<UninstallPlan> {
  const text = await readFile(configFile, 'utf8').catch(() => undefined)
  if (text === undefined)
    return obstacle(
      `${configFile} is not there: lb-agent was not installed by it`,
      'apt-get remove lb-agent takes the program away',
    )
  const parsed = parseAgentConfig(text, configFile, { hostname: hostname() })
  if (parsed.kind === 'problems') return obstacle(parsed.problems.map(formatProblem).join('\n'), 'mend the file first')
  const { config } = parsed
  const directory = join(config.paths.state, BACKUP_DIRECTORY)
  const [backup, units] = await Promise.all([readBackup(directory), unitsOf(AGENT_UNITS, signal)])
  const isRunning = units.some((unit) => unit.unit === 'lb-agent.service' && isActive(unit))
  const others = await agentsElsewhere(config)
  const goesBack = backup?.files.some(({ path }) => path === config.paths.keepalivedConfig) === true
  const steps = [
    // Whoever goes back to VRRPv2 is not heard by the others: they must have the VIPs before.
    ...(goesBack && isRunning && others.length > 0 ? [drainFirst(config, others)] : []),
    stopAgent(),
    ...(backup === undefined ? [] : goBack(config, directory, backup, { others, goesBack })),
    forget(config),
  ]
  return { kind: 'steps', steps, after: afterwards(config, backup, { others, goesBack }) }
}

/** Names of the other nodes on which an agent answers. */
async function agentsElsewhere(config: AgentConfig): Promise<string[]> {
  const { applied } = (await openStateFiles(config.paths.state)).current()
  const release =
    applied === null ? undefined : await createReleaseStore(join(config.paths.state, 'releases')).get(applied.release)
  const ask = createAskPeer(config.http)
  const peers = release?.expectation.peers ?? []
  const answers = await Promise.all(peers.map(async (peer) => ({ peer, answer: await ask(peer, ANSWERS_WITHIN_MS) })))
  return answers.filter(({ answer }) => answer.kind === 'answer').map(({ peer }) => peer.name)
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

/** The agent first, so that the drain unit finds nobody to drain with: its stop is not that of the host. */
function stopAgent(): Step {
  return {
    what: 'stop lb-agent, and have it start at boot no longer; HAProxy and keepalived go on',
    perform: async (signal) => {
      const stopped = await systemctl(['stop', 'lb-agent.service'], signal)
      return stopped.kind === 'failed' ? stopped : systemctl(['disable', '--quiet', '--now', ...AGENT_UNITS], signal)
    },
  }
}

type Way = { others: readonly string[]; goesBack: boolean }

function goBack(config: AgentConfig, directory: string, backup: Backup, { others, goesBack }: Way): Step[] {
  const paths = backup.files.map(({ path }) => path)
  const stays = goesBack && others.length > 0
  const has = (path: string): boolean => paths.includes(path)
  return [
    ...(stays
      ? [
          step('stop keepalived, whose old file the other nodes would not hear', (signal) =>
            systemctl(['disable', '--quiet', '--now', 'keepalived.service'], signal),
          ),
        ]
      : []),
    {
      what: `put back ${paths.join(' and ')}`,
      perform: async () => {
        try {
          await restoreBackup(directory, backup)
          return done()
        } catch (error) {
          return failed((error as Error).message, `the copies are in ${directory}`)
        }
      },
    },
    ...(has(config.paths.haproxyConfig)
      ? [step('reload HAProxy', (signal) => systemctl(['reload-or-restart', 'haproxy.service'], signal))]
      : []),
    ...(goesBack && !stays
      ? [step('reload keepalived', (signal) => systemctl(['reload-or-restart', 'keepalived.service'], signal))]
      : []),
    ...backup.enabled
      .filter((unit) => !AGENT_UNITS.includes(unit) && existsSync('/run/systemd/system'))
      .map((unit) =>
        step(`have ${unit} start at boot no longer, as before`, (signal) =>
          systemctl(['disable', '--quiet', unit], signal),
        ),
      ),
    {
      what: `remove ${directory}`,
      perform: async () => {
        await dropBackup(directory)
        return done()
      },
    },
  ]
}

/** A later install begins anew; the timeline, the mirror and the keys stay. */
function forget(config: AgentConfig): Step {
  const files = ['state.json', 'journal.json', 'drains.json', 'suspension.json', TAKEOVER_FILE]
  return {
    what: `forget what was applied (${config.paths.state}/state.json)`,
    perform: async () => {
      for (const file of files) await rm(join(config.paths.state, file), { force: true })
      return done()
    },
  }
}

function afterwards(config: AgentConfig, backup: Backup | undefined, { others, goesBack }: Way): string[] {
  const kept = `agent.yaml and ${config.paths.state} stay; apt-get purge lb-agent removes them with the program`
  if (backup === undefined || !goesBack)
    return [
      'HAProxy and keepalived go on with the last release. Put files of your own in place before the next boot: those of lb-agent need it',
      kept,
    ]
  return others.length > 0
    ? [
        `keepalived stays stopped here. When lb-agent is uninstalled on ${others.join(' and ')} as well: systemctl enable --now keepalived`,
        kept,
      ]
    : ['the old pair serves again here. On the other nodes: systemctl enable --now keepalived', kept]
}

function step(what: string, perform: Step['perform']): Step {
  return { what, perform }
}

function obstacle(what: string, fix: string): UninstallPlan {
  return { kind: 'obstacles', obstacles: [{ what, fix }] }
}
