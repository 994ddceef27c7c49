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
    fix: weightThatMoves(stuck, noticing, own.priority - theirs.priority),
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

/**
 * Of two nodes what is just enough. Of more one that outweighs all of their priorities: with 110, 100, 90 and -11 an HAProxy that is
 * dead on the first two leaves 99 against 90.
 */
function weightThatMoves({ routers, kind }: Stuck, noticing: readonly Tracker[], short: number): string | undefined {
  const [first] = noticing
  if (first === undefined) return undefined
  const failing = numberOf(first.under[kind]?.contribution ?? 0)
  const healthy = numberOf(first.healthy)
  const priorities = routers.map((router) => effective(router).priority)
  const isPair = new Set(routers.map(({ node }) => node)).size < 3
  const spread = isPair ? 0 : Math.max(...priorities) - Math.min(...priorities)
  const also = isPair ? '' : ', also when it has failed on other nodes before'
  // A negative weight must take off more; a positive one must give more while all is well.
  if (healthy > 0) return `a weight above ${Math.max(healthy + short, spread)}, or weight 0, would move it${also}`
  return `a weight below ${Math.min(failing - short, -spread)}, or weight 0, would move it${also}`
}

/** What would notice these faults. A check that sees a hung HAProxy sees a dead one, too. */
export function whatNotices(faults: readonly FaultKind[]): string {
  const kinds = faults.filter((kind) => kind !== 'haproxy-dead' || !faults.includes('haproxy-hung'))
  const checks = kinds.flatMap((kind) => CHECKS[kind] ?? [])
  const printed = checks.length === 1 ? 'prints one' : 'prints both'
  const told = [
    ...(checks.length === 0 ? [] : [`${checks.join(', and ')}; lb-agent rules TAKEOVER ${printed}`]),
    ...(kinds.includes('link-down') ? [OF_THE_LINK] : []),
  ]
  return told.length === 0 ? 'see the other findings' : told.join('; ')
}

const OF_THE_LINK = 'no dont_track_primary, or the interface in track_interface, would move it'
const CHECKS: Readonly<Partial<Record<FaultKind, string>>> = {
  'haproxy-dead': 'a vrrp_script that notices it, with weight 0, would move it',
  'haproxy-hung': 'a vrrp_script that asks HAProxy itself for an answer, with weight 0, would move it',
  'servers-lost':
    'for the servers one that asks through HAProxy, with a weight (with 0 all nodes would give up together when the servers are down for all)',
}
