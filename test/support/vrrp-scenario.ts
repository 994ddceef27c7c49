import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import type { Contribution, Fault, FaultKind, ProofCluster } from '../../src/proof/model.ts'
import { proofOfKeepalived } from '../../src/proof/of-keepalived.ts'

/** A cluster as somebody might write it, and what happens to one of its nodes. Everything comes from `seed`. */
export type Scenario = {
  seed: number
  version: 2 | 3
  advertMs: number
  unicast: boolean
  nodes: readonly ScenarioNode[]
  tracker: ScenarioTracker | undefined
  grouped: boolean
  oddity: Oddity | undefined
  fault: Fault
}
type ScenarioNode = {
  name: string
  address: string
  priority: number
  state: 'MASTER' | 'BACKUP'
  nopreempt: boolean
  preemptDelayS: number
}
/**
 * `file`: what it contains when all is well, and when not. A script succeeds as long as its file is there; the proof does not know
 * what stat looks at, and takes it to notice a dead HAProxy.
 */
type ScenarioTracker =
  | { what: 'file'; weight: number; reverse: boolean; well: number; ill: number }
  | { what: 'script'; weight: number; fall: number }
const ODDITIES = [
  'one-sided',
  'other addresses',
  'other order',
  'other password',
  'other interval',
  'skips checks',
] as const
type Oddity = (typeof ODDITIES)[number]

export const VIPS = ['10.77.0.100', '10.77.0.101'] as const
export const UNTRACKED = ['keepalived-stopped', 'keepalived-killed', 'link-down', 'node-lost'] as const

export const SCRIPT_EVERY_MS = 1_000

/** Where a node's files are: what it follows. */
export type Paths = { file(node: string): string }

export function scenarioOf(seed: number): Scenario {
  const random = randomOf(seed)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  const chance = (part: number): boolean => random() < part
  const version = chance(0.3) ? 2 : 3
  const unicast = chance(0.5)
  const names = ['a', 'b', 'c', 'd'].slice(0, pick([2, 2, 3, 3, 4]))
  const tie = chance(0.25)
  const priorities = shuffled([100, tie ? 100 : 110, 120, 200, 90], random)
  const nopreempt = chance(0.2)
  const preemptDelayS = !nopreempt && chance(0.25) ? pick([1, 2]) : 0
  const masters = !nopreempt && preemptDelayS === 0 && chance(0.4)
  const grouped = chance(0.12)
  const tracker = pickTracker(random, grouped)
  const tracked = tracker !== undefined && chance(0.7)
  const highest = names.reduce((best, _, at) => ((priorities[at] ?? 0) > (priorities[best] ?? 0) ? at : best), 0)
  return {
    seed,
    version,
    advertMs: version === 2 ? 1_000 : pick([200, 300, 500]),
    unicast,
    nodes: names.map((name, at) => ({
      name,
      address: `10.77.0.${at + 1}`,
      priority: priorities[at] ?? 100,
      state: masters && at === highest ? 'MASTER' : 'BACKUP',
      nopreempt,
      preemptDelayS,
    })),
    tracker,
    grouped,
    oddity: chance(0.25) ? oddityFor(version, unicast, pick) : undefined,
    fault: {
      kind: tracked ? 'haproxy-dead' : pick(UNTRACKED),
      node: chance(0.8) ? (names[highest] ?? 'a') : pick(names),
    },
  }
}

function pickTracker(random: () => number, grouped: boolean): ScenarioTracker | undefined {
  const trackers: readonly ScenarioTracker[] = [
    { what: 'file', weight: 0, reverse: true, well: 1, ill: 0 },
    { what: 'file', weight: 0, reverse: false, well: 0, ill: 1 },
    { what: 'file', weight: 1, reverse: false, well: 0, ill: -30 },
    { what: 'file', weight: 1, reverse: false, well: 30, ill: 10 },
    { what: 'file', weight: 1, reverse: true, well: 0, ill: 10 },
    { what: 'file', weight: 2, reverse: false, well: 0, ill: -127 },
    { what: 'script', weight: 0, fall: 2 },
    { what: 'script', weight: -10, fall: 1 },
    { what: 'script', weight: -25, fall: 2 },
    { what: 'script', weight: 25, fall: 1 },
  ]
  if (random() < 0.15) return undefined
  return trackers[Math.floor(random() * (grouped ? 2 : trackers.length))]
}

function oddityFor(version: 2 | 3, unicast: boolean, pick: <T>(values: readonly T[]) => T): Oddity {
  return pick(
    ODDITIES.filter((oddity) => {
      if (oddity === 'one-sided') return unicast
      return version === 2 || !['other password', 'other interval'].includes(oddity)
    }),
  )
}

/** The keepalived.conf of one node. The oddity is always of the second node. */
export function configOf(scenario: Scenario, node: ScenarioNode, paths: Paths): string {
  const { version, tracker, grouped } = scenario
  const ids = grouped ? [7, 8] : [7]
  return `global_defs {
    router_id ${node.name}
    vrrp_version ${version}
    enable_script_security
    script_user root
}
${trackerText(tracker, paths.file(node.name))}
${ids.map((id, at) => instanceText(scenario, node, { id, vip: VIPS[at] ?? '', follows: at === 0 })).join('')}
${grouped ? 'vrrp_sync_group G {\n    group {\n        VI_7\n        VI_8\n    }\n}' : ''}
`
}

function trackerText(tracker: ScenarioTracker | undefined, path: string): string {
  if (tracker === undefined) return ''
  if (tracker.what === 'script')
    return `vrrp_script check {
    script "/usr/bin/stat ${path}"
    interval ${SCRIPT_EVERY_MS / 1_000}
    rise 1
    fall ${tracker.fall}
    weight ${tracker.weight}
}`
  return `track_file check {
    file "${path}"
    weight ${tracker.weight}${tracker.reverse ? ' reverse' : ''}
}`
}

function instanceText(
  scenario: Scenario,
  node: ScenarioNode,
  { id, vip, follows }: { id: number; vip: string; follows: boolean },
): string {
  const odd = node === scenario.nodes[1] ? scenario.oddity : undefined
  const { version, unicast, tracker, nodes } = scenario
  const advertMs = odd === 'other interval' ? 2 * scenario.advertMs : scenario.advertMs
  const peers = nodes.filter((other) => other !== node).map(({ address }) => address)
  const ordered = ['other addresses', 'skips checks'].includes(odd ?? '') ? [vip] : [vip, '10.77.0.200']
  return `vrrp_instance VI_${id} {
    state ${node.state}
    interface eth0
    virtual_router_id ${id}
    priority ${node.priority}
    advert_int ${advertMs / 1_000}
    ${node.nopreempt ? 'nopreempt' : ''}
    ${node.preemptDelayS > 0 ? `preempt_delay ${node.preemptDelayS}` : ''}
    ${odd === 'skips checks' ? 'skip_check_adv_addr' : ''}
    ${version === 2 ? `authentication {\n        auth_type PASS\n        auth_pass ${odd === 'other password' ? 'other' : 'secret'}\n    }` : ''}
    ${
      unicast
        ? `unicast_src_ip ${node.address}
    unicast_peer {
        ${(odd === 'one-sided' ? peers.slice(1).concat('10.77.0.250') : peers).join('\n        ')}
    }`
        : ''
    }
    ${follows && tracker !== undefined ? `track_${tracker.what} {\n        check\n    }` : ''}
    virtual_ipaddress {
        ${(odd === 'other order' ? ordered.reverse() : ordered).map((address) => `${address}/32 dev eth0`).join('\n        ')}
    }
}
`
}

/** The model's input, read from the very files. What is in a tracked file only the scenario knows. */
export function proofOfScenario(scenario: Scenario, paths: Paths): ProofCluster {
  const proof = proofOfKeepalived(
    scenario.nodes.map((node) => {
      const config = readKeepalivedConfig(node.name, configOf(scenario, node, paths), {
        configId: node.name,
        include: () => [],
      })
      return { name: node.name, config }
    }),
  )
  const { tracker } = scenario
  if (tracker?.what !== 'file') return proof
  const effect = (value: number): Contribution => {
    if (tracker.weight === 0) return (value === 0) === tracker.reverse ? 'FAULT' : 0
    return value * tracker.weight * (tracker.reverse ? -1 : 1)
  }
  const terms = [{ what: 'inotify', ms: 10 }]
  const routers = proof.routers.map((router) => ({
    ...router,
    trackers: router.trackers.map((one) => ({
      ...one,
      healthy: effect(tracker.well),
      under: { 'haproxy-dead': { contribution: effect(tracker.ill), terms } },
    })),
  }))
  return { ...proof, routers }
}

/** What the tracked file contains; undefined: it is not there. */
export function fileContent({ tracker }: Scenario, isWell: boolean): string | undefined {
  if (tracker?.what === 'file') return `${isWell ? tracker.well : tracker.ill}\n`
  return isWell ? '' : undefined
}

/** One line for a person. */
export function scenarioText({ seed, version, advertMs, unicast, nodes, tracker, grouped, oddity }: Scenario): string {
  const priorities = nodes.map(({ name, priority, state }) => `${name}${priority}${state === 'MASTER' ? 'M' : ''}`)
  const [first] = nodes
  const followed =
    tracker && `${tracker.what} ${tracker.weight}${tracker.what === 'file' ? ` ${tracker.well}>${tracker.ill}` : ''}`
  const parts = [
    ...[`#${seed} v${version} ${advertMs} ms`, unicast ? 'unicast' : 'multicast', priorities.join(' '), followed],
    first?.nopreempt === true ? 'nopreempt' : undefined,
    first !== undefined && first.preemptDelayS > 0 ? `preempt_delay ${first.preemptDelayS}` : undefined,
    grouped ? 'group' : undefined,
    oddity,
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}

/**
 * Whether two MASTERs refuse each other's adverts while a third node listens. 2.2.7 then puts off its own advert with each that it
 * refuses (vrrp_dispatcher_read sets the timer again), so the third misses its MASTER now and then: that there are two is certain.
 */
export function isUnsettled({ oddity, nodes }: Scenario): boolean {
  return (
    nodes.length > 2 && ['other addresses', 'skips checks', 'other password', 'other interval'].includes(oddity ?? '')
  )
}

/** Whether nodes of equal priority may run a race. */
export function hasTie({ nodes }: Scenario): boolean {
  return new Set(nodes.map(({ priority }) => priority)).size < nodes.length
}

export function isTracked(kind: FaultKind): boolean {
  return kind === 'haproxy-dead'
}

/** mulberry32: small, and the same numbers on every machine. */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b1
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value)
}
