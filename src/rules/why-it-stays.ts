import type { FaultKind, ProofCluster, Router, Tracker } from '../proof/model.ts'
import type { Position } from '../spec/problem.ts'
import type { RuleId } from '../spec/rule-ids.ts'
import { effective, numberOf } from './effective.ts'
import { andList, type Evidence, placeOf } from './evidence.ts'

/** `router` keeps its addresses under a fault of its node, although the nodes of `could` would serve them. */
export type Stuck = { routers: readonly Router[]; router: Router; kind: FaultKind; could: readonly string[] }

/** `reason` goes behind `a dead HAProxy on lb1 leaves 10.0.0.1 on lb1: `. `fix`: undefined where it is that of the fault. */
export type Why = { rule: RuleId; places: readonly Position[]; reason: string; fix: string | undefined }

/** Why a fault does not move an address: nothing notices it, or what notices it does too little. */
export function whyItStays(evidence: Evidence, stuck: Stuck): Why {
  const { router, kind, could } = stuck
  const followed = followedBy(evidence.cluster, router)
  const noticing = router.trackers.filter(({ under }) => under[kind] !== undefined)
  const best = bestOf(stuck)
  const at = placeOf(evidence, router, 'priority')
  if (noticing.length === 0 || best === undefined) {
    const names = [...new Set(followed.map(({ name }) => name))]
    const none =
      names.length === 0
        ? 'keepalived follows nothing there'
        : `nothing that keepalived follows there notices it (${andList(names)})`
    return {
      rule: 'TAKEOVER',
      places: [at, ...followed.map((tracker) => tracker.at)],
      reason: `${none}, and ${andList(could)} could serve it`,
      fix: undefined,
    }
  }
  const own = effective(router, kind)
  const theirs = effective(best)
  if (theirs.priority > own.priority) {
    if (!best.nopreempt)
      return {
        rule: 'TAKEOVER',
        places: [at, placeOf(evidence, best, 'priority')],
        reason: `${own.text} is below ${best.node}'s ${theirs.text}, and ${best.node} does not take over`,
        fix: 'see the other findings: they do not hear each other',
      }
    return {
      rule: 'NOPREEMPT',
      places: [at, placeOf(evidence, best, 'nopreempt')],
      reason: `${own.text} is below ${best.node}'s ${theirs.text}, but with nopreempt ${best.node} stays BACKUP while it hears a MASTER, whatever its priority`,
      fix: 'weight 0, which takes a node that fails out of the election, would move it; or no nopreempt',
    }
  }
  const compared =
    theirs.priority === own.priority
      ? `ties with ${best.node}'s ${theirs.text}`
      : `is still above ${best.node}'s ${theirs.text}`
  return {
    rule: 'WEIGHT',
    places: [at, placeOf(evidence, best, 'priority')],
    reason: `${own.text} ${compared}`,
    fix: weightThatMoves(noticing, own.priority - theirs.priority, kind),
  }
}

/** With what the other instances of its sync group follow: they go together. */
function followedBy({ routers }: ProofCluster, router: Router): Tracker[] {
  const together = routers.filter(({ node, syncGroup }) => node === router.node && syncGroup === router.syncGroup)
  return (router.syncGroup === undefined ? [router] : together).flatMap(({ trackers }) => trackers)
}

function bestOf({ routers, could }: Stuck): Router | undefined {
  const able = routers.filter(({ node }) => could.includes(node))
  return able.reduce<Router | undefined>(
    (a, b) => (a === undefined || effective(b).priority > effective(a).priority ? b : a),
    undefined,
  )
}

function weightThatMoves(noticing: readonly Tracker[], short: number, kind: FaultKind): string | undefined {
  const [first] = noticing
  if (first === undefined) return undefined
  const failing = numberOf(first.under[kind]?.contribution ?? 0)
  const healthy = numberOf(first.healthy)
  // A negative weight must take off more; a positive one must give more while all is well.
  if (healthy > 0) return `a weight above ${healthy + short}, or weight 0, would move it`
  return `a weight below ${failing - short}, or weight 0, would move it`
}

/** What would notice these faults. A check that sees a hung HAProxy sees a dead one, too. */
export function whatNotices(faults: readonly FaultKind[]): string {
  const kinds = faults.filter((kind) => kind !== 'haproxy-dead' || !faults.includes('haproxy-hung'))
  const told = new Set(kinds.map((kind) => NOTICES[kind] ?? ELSEWHERE))
  return [...told].join('; and ')
}

const ELSEWHERE = 'see the other findings'
const NOTICES: Readonly<Partial<Record<FaultKind, string>>> = {
  'haproxy-dead': 'a vrrp_script that notices it, with weight 0, would move it',
  'haproxy-hung':
    'a check that waits for an answer of HAProxy, such as curl -fsm1 of a monitor-uri, with weight 0, would move it',
  // FAULT on all nodes, when the servers are gone for all, would take the address from everybody.
  'servers-lost':
    'where the nodes may lose the servers one by one, a check of an answer from behind HAProxy, with a weight and not with 0',
  'link-down': 'no dont_track_primary, or the interface in track_interface, would move it',
}
