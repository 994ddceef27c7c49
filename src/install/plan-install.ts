import { existsSync } from 'node:fs'
import { lstat, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openStateFiles } from '../apply/apply-state.ts'
import { readLivePair } from '../apply/live-files.ts'
import { startsNotAtBoot } from '../at-boot.ts'
import { findUser, sshDirectoryOf, type User } from '../doctor/examined.ts'
import { TAKEOVER_FILE } from '../health/takeover.ts'
import { type Change, changesOf } from '../prepare/changes-of-files.ts'
import { parseAddress } from '../source/address.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { parseAgentConfig } from '../spec/parse-agent-config.ts'
import { formatProblem } from '../spec/problem.ts'
import { agentYaml } from './agent-yaml.ts'
import { BACKUP_DIRECTORY, type Backup, readBackup } from './backup.ts'
import { readWanted, type Wanted } from './desired.ts'
import { type Distribution, readDistribution } from './distribution.ts'
import { readHaproxyUnit } from './haproxy-unit.ts'
import { whyNotThisHost } from './host.ts'
import { keepVips } from './keep-vips.ts'
import { lookAtPair } from './look-at-pair.ts'
import type { InstallOptions, Obstacle, Step } from './options.ts'
import { missingNeeds, planPackages } from './packages.ts'
import { planSshFiles, type SshFiles } from './ssh-files.ts'
import * as steps from './steps.ts'
import { whyPortsTaken } from './taken-ports.ts'
import { gapObstacles, type TakeoverPlan } from './takeover-plan.ts'
import { whyNotThisNode } from './this-node.ts'
import { AGENT_UNITS, DAEMON_UNITS, isActive, unitsOf } from './units.ts'
import { unmask } from './upheld.ts'
import { seeThatItServes, waitForRelease } from './wait-for-release.ts'

/**
 * What is to be done on this host, found without changing it. `first`: the rest is known once that is done; `next`: what a person
 * has to do before.
 */
export type InstallPlan = { distribution: Distribution } & (
  | { kind: 'obstacles'; obstacles: readonly Obstacle[] }
  | { kind: 'first'; steps: readonly Step[]; next?: Obstacle }
  | {
      kind: 'steps'
      config: AgentConfig
      wanted: Wanted
      changes: readonly Change[]
      takeover: TakeoverPlan
      steps: readonly Step[]
    }
)

/** In memory, for root alone: a private key passes through. What a killed run has left is taken away; there is one at a time. */
const SCRATCH = '/run/lb-agent-install'

export async function planInstall(options: InstallOptions, signal: AbortSignal): Promise<InstallPlan> {
  const distribution = await readDistribution()
  await rm(SCRATCH, { recursive: true, force: true })
  try {
    const plan = await planOn(distribution, options, signal)
    return { distribution, ...plan }
  } finally {
    await rm(SCRATCH, { recursive: true, force: true })
  }
}

type Plan = InstallPlan extends infer Each ? (Each extends unknown ? Omit<Each, 'distribution'> : never) : never

async function planOn(distribution: Distribution, options: InstallOptions, signal: AbortSignal): Promise<Plan> {
  const unfit = await whyNotThisHost(distribution, options.config, signal)
  if (unfit !== undefined) return stop(unfit)
  const before = await textOf(options.config)
  if (before === undefined && options.repo === undefined)
    return stop({ what: `${options.config} is not there, and no repository was named`, fix: '--repo URL' })
  const packages = planPackages(distribution, missingNeeds(), existsSync)
  if (packages.kind === 'obstacles') return stop(...packages.obstacles)
  if (packages.kind === 'step') return { kind: 'first', steps: [packages.step] }

  const text = agentYaml(before, options, { node: hostname(), haproxy: await readHaproxyUnit(signal) })
  const parsed = parseAgentConfig(text ?? before ?? '', options.config, { hostname: hostname() })
  if (parsed.kind === 'problems')
    return stop({
      what: parsed.problems.map(formatProblem).join('\n'),
      fix: 'mend the file, or say it otherwise on the command line',
    })
  const { config } = parsed
  if (text === undefined)
    return stop({
      what: `${options.config} has an alias (*name) where an option of the command line belongs`,
      fix: 'write the value there in full, or change it by hand and leave the option out',
    })
  if (config.supervisor === 'embedded')
    return stop({
      what: `${options.config} says supervisor: embedded, and lb-agent install sets up systemd's units`,
      fix: 'take the line out of it; or keep it and enable lb-agent-embedded.service by hand',
    })
  const user = await findUser('lb-agent')
  if (user === undefined)
    return stop({ what: 'there is no user lb-agent', fix: 'systemctl restart lb-agent-setup, which makes it' })
  const earlier = await readEarlier(config)
  if ('what' in earlier) return stop(earlier)

  const address = parseAddress(config.repository.url)
  if (address.kind === 'refused') return stop({ what: address.reason, fix: '--repo URL' })
  await mkdir(SCRATCH, { mode: 0o700 })
  const own = sshDirectoryOf(config)
  const staged = join(SCRATCH, 'ssh')
  const ssh = await planSshFiles({ directory: own, staged }, address, options, signal)
  if (ssh.kind === 'obstacles') return stop(...ssh.obstacles)
  const { added, newKey, publicKeys } = ssh.files
  // Nobody can have allowed it to read anything yet.
  if (newKey !== undefined)
    return {
      kind: 'first',
      steps: [steps.writeSshFiles(own, added, user)],
      next: {
        what: `the git server does not know the new key yet: ${newKey}`,
        fix: `give it read access to ${address.display} (a deploy key), then run lb-agent install again; it begins where it ended`,
      },
    }
  const reading = await readWanted(config, { sshDirectory: staged, scratch: SCRATCH, publicKeys }, signal)
  if (reading.kind === 'obstacle') return stop(reading.obstacle)
  return planSteps({ config, wanted: reading.wanted, user, earlier, added, own, before, text }, { ...options, signal })
}

/** What an earlier install has left, and the agent. */
type Earlier = { applied: boolean; backup: Backup | undefined }

async function readEarlier({ paths }: AgentConfig): Promise<Earlier | Obstacle> {
  try {
    const { applied } = (await openStateFiles(paths.state)).current()
    return { applied: applied !== null, backup: await readBackup(join(paths.state, BACKUP_DIRECTORY)) }
  } catch (error) {
    return {
      what: (error as Error).message,
      fix: 'mend it, or move it away and look at both live files: install then takes them for those of before lb-agent',
    }
  }
}

type Found = {
  config: AgentConfig
  wanted: Wanted
  user: User
  earlier: Earlier
  added: SshFiles['added']
  own: string
  before: string | undefined
  text: string
}

async function planSteps(
  { config, wanted, user, earlier, added, own, before, text }: Found,
  { signal, ...options }: InstallOptions & { signal: AbortSignal },
): Promise<Plan> {
  const live = { haproxy: config.paths.haproxyConfig, keepalived: config.paths.keepalivedConfig }
  const paths = [live.haproxy, live.keepalived]
  const [pair, units] = await Promise.all([readLivePair(live), unitsOf([...AGENT_UNITS, ...DAEMON_UNITS], signal)])
  const isRunning = (name: string): boolean => units.some((unit) => unit.unit === name && isActive(unit))
  const running = isRunning('lb-agent.service')
  const startedAtMs = units.find(({ unit }) => unit === 'lb-agent.service')?.startedAtMs ?? Infinity
  const look = () => lookAtPair(config, wanted, pair, { ...options, applied: earlier.applied }, signal)
  const [taken, takeover] = await Promise.all([whyPortsTaken(config, wanted.spec, running, signal), look()])
  const obstacles = [
    ...whyNotThisNode(config.node, wanted.spec),
    ...(await whyNotPlain(paths)),
    ...taken,
    ...takeover.obstacles,
    ...gapObstacles(takeover, options),
  ]
  if (obstacles.length > 0) return stop(...obstacles)

  const backup = join(config.paths.state, BACKUP_DIRECTORY)
  const there = (['haproxy', 'keepalived'] as const).filter((name) => pair[name] !== undefined)
  const disabled = units.filter(startsNotAtBoot).map(({ unit }) => unit)
  const masked = units.filter(({ load }) => load === 'masked').map(({ unit }) => unit)
  const stopped = DAEMON_UNITS.filter((unit) => !isRunning(unit))
  // An agent that was killed halfway has the old agent.yaml, or has not put anything live yet.
  const begins = !running || text !== before || startedAtMs < (await changedAtMs(options.config))
  const todo: Step[] = [
    ...(earlier.applied || earlier.backup !== undefined
      ? []
      : [steps.backUp(backup, { paths, there: there.map((name) => live[name]) }, { disabled, stopped })]),
    ...(added.length > 0 ? [steps.writeSshFiles(own, added, user)] : []),
    ...(takeover.stays.length + takeover.left.length > 0 ? [steps.lookAgain(takeover, look)] : []),
    // Also one that an earlier run has left, when nothing is left to anybody now.
    ...(takeover.left.length > 0 || (!earlier.applied && existsSync(join(config.paths.state, TAKEOVER_FILE)))
      ? [steps.leaveVips(config.paths.state, takeover.left, user)]
      : []),
    ...(text === before ? [] : [steps.writeAgentYaml(options.config, before ?? '', text)]),
    ...(masked.length > 0 ? [unmask(options.config, masked)] : []),
    ...(disabled.length > 0 ? [steps.enable(disabled)] : []),
    ...keepVips(wanted.spec, config.node),
    ...(begins ? [steps.start(running, takeover)] : []),
    ...(isRunning('lb-agent-drain.service') ? [] : [steps.startDrain()]),
  ]
  const last = begins || !earlier.applied ? waitForRelease(config) : seeThatItServes(config)
  // Nothing to do is no good end where two nodes hold a VIP.
  const end = todo.length === 0 && earlier.applied ? await last.perform(signal) : undefined
  if (end?.kind === 'failed') return stop(end.obstacle)
  return {
    kind: 'steps',
    config,
    wanted,
    changes: changesOf(live, pair, wanted.release.files),
    takeover,
    steps: end === undefined ? [...todo, last] : [],
  }
}

/** The agent puts regular files there, and nothing else away. */
async function whyNotPlain(paths: readonly string[]): Promise<Obstacle[]> {
  const found = await Promise.all(
    paths.map(async (path) => ({ path, stats: await lstat(path).catch(() => undefined) })),
  )
  return found.flatMap(({ path, stats }) => {
    if (stats === undefined || stats.isFile()) return []
    return [
      {
        what: `${path} is ${stats.isSymbolicLink() ? 'a symbolic link' : 'no regular file'}, and lb-agent replaces regular files only`,
        fix: `put the file itself there: cp --remove-destination "$(readlink -f ${path})" ${path}`,
      },
    ]
  })
}

async function changedAtMs(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0
}

/** undefined where it is not there. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function stop(...obstacles: Obstacle[]): Plan {
  return { kind: 'obstacles', obstacles }
}
