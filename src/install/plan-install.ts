import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStateFiles } from '../apply/apply-state.ts'
import { readLivePair } from '../apply/live-files.ts'
import { findUser, sshDirectoryOf } from '../doctor/examined.ts'
import { type Change, changesOf } from '../prepare/changes-of-files.ts'
import { parseAddress } from '../source/address.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { parseAgentConfig } from '../spec/parse-agent-config.ts'
import { formatProblem } from '../spec/problem.ts'
import { agentYaml } from './agent-yaml.ts'
import { BACKUP_DIRECTORY, readBackup } from './backup.ts'
import { readWanted, type Wanted } from './desired.ts'
import { type Distribution, readDistribution } from './distribution.ts'
import { readHaproxyUnit } from './haproxy-unit.ts'
import { whyNotThisHost } from './host.ts'
import { lookAtPair } from './look-at-pair.ts'
import type { InstallOptions, Obstacle, Step } from './options.ts'
import { packagesStep } from './packages.ts'
import { planSshFiles } from './ssh-files.ts'
import * as steps from './steps.ts'
import { whyPortsTaken } from './taken-ports.ts'
import type { TakeoverPlan } from './takeover-plan.ts'
import { AGENT_UNITS, DAEMON_UNITS, unitsOf } from './units.ts'
import { waitForRelease } from './wait-for-release.ts'

/**
 * What is to be done on this host, found without changing it. `packages`: the rest is known once they are there.
 * `again`: what is there already.
 */
export type InstallPlan = { distribution: Distribution } & (
  | { kind: 'obstacles'; obstacles: readonly Obstacle[] }
  | { kind: 'packages'; steps: readonly Step[] }
  | {
      kind: 'steps'
      config: AgentConfig
      wanted: Wanted
      changes: readonly Change[]
      takeover: TakeoverPlan
      steps: readonly Step[]
    }
)

export async function planInstall(options: InstallOptions, signal: AbortSignal): Promise<InstallPlan> {
  const distribution = await readDistribution()
  const stop = (...obstacles: Obstacle[]): InstallPlan => ({ kind: 'obstacles', distribution, obstacles })
  const unfit = await whyNotThisHost(distribution, signal)
  if (unfit !== undefined) return stop(unfit)
  const before = await readFile(options.config, 'utf8').catch(() => undefined)
  if (before === undefined && options.repo === undefined)
    return stop({ what: `${options.config} is not there, and no repository was named`, fix: '--repo URL' })
  const packages = packagesStep(distribution)
  if (packages !== undefined)
    return 'obstacles' in packages ? stop(...packages.obstacles) : { kind: 'packages', distribution, steps: [packages] }

  const text = agentYaml(before, options, { node: hostname(), haproxy: await readHaproxyUnit(signal) })
  const parsed = parseAgentConfig(text, options.config, { hostname: hostname() })
  if (parsed.kind === 'problems')
    return stop({
      what: parsed.problems.map(formatProblem).join('\n'),
      fix: 'mend the file, or say it otherwise on the command line',
    })
  const { config } = parsed
  const user = await findUser('lb-agent')
  if (user === undefined)
    return stop({ what: 'there is no user lb-agent', fix: 'systemctl restart lb-agent-setup, which makes it' })

  // In memory (tmpfs) where there is one, for root alone: a private key passes through.
  const scratch = await mkdtemp(join(existsSync('/run') ? '/run' : tmpdir(), 'lb-agent-install-'))
  try {
    const address = parseAddress(config.repository.url)
    if (address.kind === 'refused') return stop({ what: address.reason, fix: '--repo URL' })
    const own = sshDirectoryOf(config)
    const ssh =
      address.protocol === 'ssh'
        ? await planSshFiles({ directory: own, staged: join(scratch, 'ssh') }, address.url, options, signal)
        : undefined
    if (ssh?.kind === 'obstacles') return stop(...ssh.obstacles)
    const added = ssh?.files.added ?? []
    const newKey = added.find(({ name }) => name.endsWith('.pub'))
    // Nobody can have allowed it to read anything yet.
    if (newKey !== undefined)
      return {
        kind: 'packages',
        distribution,
        steps: [steps.writeSshFiles(own, added, user), steps.askForDeployKey(newKey.content, address.display)],
      }
    const reading = await readWanted(config, { sshDirectory: join(scratch, 'ssh'), scratch }, signal)
    if (reading.kind === 'obstacle') return stop(reading.obstacle)
    const { wanted } = reading
    const live = { haproxy: config.paths.haproxyConfig, keepalived: config.paths.keepalivedConfig }
    const pair = await readLivePair(live)
    const taken = await whyPortsTaken(config, wanted.spec, signal)
    const takeover = await lookAtPair(config, wanted, pair, options, signal)
    const obstacles = [...taken, ...takeover.obstacles, ...gapObstacles(takeover, options)]
    if (obstacles.length > 0) return stop(...obstacles)

    const backup = join(config.paths.state, BACKUP_DIRECTORY)
    const { applied } = (await openStateFiles(config.paths.state)).current()
    const hand = (['haproxy', 'keepalived'] as const).filter((name) => applied === null && pair[name] !== undefined)
    const keep = hand.length > 0 && (await readBackup(backup)) === undefined
    const units = await unitsOf([...AGENT_UNITS, ...DAEMON_UNITS], signal)
    const disabled = units.filter(({ file }) => file !== 'enabled').map(({ unit }) => unit)
    const running = units.find(({ unit }) => unit === 'lb-agent.service')?.active === 'active'
    const todo: Step[] = [
      ...(keep
        ? [
            steps.backUp(
              backup,
              hand.map((name) => live[name]),
              disabled,
            ),
          ]
        : []),
      ...(added.length > 0 ? [steps.writeSshFiles(own, added, user)] : []),
      ...(takeover.left.length > 0 ? [steps.leaveVips(config.paths.state, takeover.left, user)] : []),
      ...(text === before ? [] : [steps.writeAgentYaml(options.config, before ?? '', text)]),
      ...(disabled.length > 0 ? [steps.enable(disabled)] : []),
      ...(running && text === before ? [] : [steps.start(running, takeover), waitForRelease(config)]),
    ]
    return {
      kind: 'steps',
      distribution,
      config,
      wanted,
      changes: changesOf(live, pair, wanted.release.files),
      takeover,
      steps: todo,
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function gapObstacles({ gaps }: TakeoverPlan, { acceptGap }: InstallOptions): Obstacle[] {
  if (gaps.length === 0 || acceptGap) return []
  return [
    {
      what: `keepalived would give a VIP up and take it again, for less than a second, because it takes the new instance for another one. ${gaps.join('. ')}`,
      fix: 'say the same in lb.yaml for now, and change it later, node by node, drained; or add --accept-gap',
    },
  ]
}
