import type { Contribution, Fault, FaultKind, Router, Tracker } from '../proof/model.ts'
import type { RuleId } from '../spec/rule-ids.ts'
import { andList, type Evidence, finding, placeOf } from './evidence.ts'
import { FAULT_WORDS } from './fault-words.ts'
import type { RuleFinding } from './finding.ts'

/** `router` keeps the addresses under `fault`, although the nodes of `could` would serve them. */
export type Stuck = {
  addresses: readonly string[]
  routers: readonly Router[]
  router: Router
  fault: Fault
  could: readonly string[]
}

/** Why a fault does not move an address: nothing notices it, or what notices it does too little. */
export function whyItStays(evidence: Evidence, stuck: Stuck): RuleFinding {
  const { addresses, router, fault, could } = stuck
  const said = `${FAULT_WORDS[fault.kind]} on ${fault.node} leaves ${andList(addresses)} on ${router.node}`
  const noticing = router.trackers.filter(({ under }) => under[fault.kind] !== undefined)
  const best = bestOf(stuck)
  const at = placeOf(evidence, router, 'priority')
  if (noticing.length === 0 || best === undefined) {
    const followed =
      router.trackers.length === 0
        ? 'keepalived follows nothing there'
        : `nothing that keepalived follows there notices it (${andList(router.trackers.map(({ name }) => name))})`
    return finding(
      'TAKEOVER',
      'error',
      [at, ...router.trackers.map((tracker) => tracker.at)],
      `${said}: ${followed}, and ${andList(could)} could serve it`,
      FIXES[fault.kind],
    )
  }
  const sum = sumOf(router, fault.kind)
  const theirs = priorityOf(best)
  const places = [at, placeOf(evidence, best, 'priority')]
  if (theirs > sum.priority) {
    const rule: RuleId = best.nopreempt ? 'NOPREEMPT' : 'TAKEOVER'
    return finding(
      rule,
      'error',
      [placeOf(evidence, best, 'nopreempt'), at],
      `${said}: ${sum.text} is below ${best.node}'s ${theirs}, and ${best.node} has nopreempt: a BACKUP with it stays BACKUP while it hears a MASTER`,
      'weight 0, which takes a node that fails out of the election',
    )
  }
  const compared =
    theirs === sum.priority ? `ties with ${best.node}'s ${theirs}` : `is still above ${best.node}'s ${theirs}`
  return finding(
    'WEIGHT',
    'error',
    places,
    `${said}: ${sum.text} ${compared}`,
    weightThatMoves(noticing, sum.priority - theirs, fault.kind),
  )
}

function bestOf({ routers, could }: Stuck): Router | undefined {
  const able = routers.filter(({ node }) => could.includes(node))
  return able.reduce<Router | undefined>(
    (a, b) => (a === undefined || priorityOf(b) > priorityOf(a) ? b : a),
    undefined,
  )
}

/** keepalived keeps an effective priority within 1-254 (2.2.7, vrrp_set_effective_priority). */
function priorityOf({ priority, trackers }: Router): number {
  if (priority === 255) return 255
  return clamped(trackers.reduce((sum, { healthy }) => sum + numberOf(healthy), priority))
}

/** `110 - 10 = 100`. */
function sumOf(router: Router, kind: FaultKind): { priority: number; text: string } {
  if (router.priority === 255) return { priority: 255, text: '255, the owner, whom no weight changes,' }
  const changes = router.trackers
    .map(({ healthy, under }) => numberOf(under[kind]?.contribution ?? healthy))
    .filter((change) => change !== 0)
  const priority = clamped(changes.reduce((sum, change) => sum + change, router.priority))
  const terms = changes.map((change) => (change < 0 ? ` - ${-change}` : ` + ${change}`))
  return {
    priority,
    text: terms.length === 0 ? `${router.priority}` : `${router.priority}${terms.join('')} = ${priority}`,
  }
}

function weightThatMoves(noticing: readonly Tracker[], short: number, kind: FaultKind): string {
  const [first] = noticing
  if (first === undefined) return FIXES[kind]
  const failing = numberOf(first.under[kind]?.contribution ?? 0)
  const healthy = numberOf(first.healthy)
  // A negative weight must take off more; a positive one must give more while all is well.
  if (healthy > 0) return `a weight above ${healthy + short}, or weight 0, would move it`
  return `a weight below ${failing - short}, or weight 0, would move it`
}

function numberOf(contribution: Contribution): number {
  return contribution === 'FAULT' ? 0 : contribution
}

function clamped(priority: number): number {
  return Math.max(1, Math.min(254, priority))
}

const NOTICE_ANSWER =
  'a check that waits for an answer of HAProxy, such as curl -fsm1 http://127.0.0.1:8405/alive, would move it; lb-agent does'
const FIXES: Readonly<Record<FaultKind, string>> = {
  'haproxy-dead': 'a vrrp_script that notices it, with weight 0, would move it; lb-agent does',
  'haproxy-hung': NOTICE_ANSWER,
  'servers-lost':
    'a check of what HAProxy says of its servers, with a weight and not with 0, would move it; lb-agent does',
  'link-down': 'no dont_track_primary, or the interface in track_interface, would move it',
  'keepalived-stopped': 'see the other findings',
  'keepalived-killed': 'see the other findings',
  'node-lost': 'see the other findings',
}
