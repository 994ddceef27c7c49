import type { Router, Tracker } from '../proof/model.ts'
import { effective } from './effective.ts'
import { addressesOf, andList, type Evidence, finding, isHeldTwice, placeOf } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** What decides who holds an address: state, priority, nopreempt, preempt_delay. */
export function priorityRules(evidence: Evidence): RuleFinding[] {
  return evidence.elections.flatMap((routers) => [
    ...masters(evidence, routers),
    ...routers.flatMap((router) => preemption(evidence, router)),
  ])
}

function masters(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const owners = routers.filter(({ startsAsMaster }) => startsAsMaster)
  const [owner, another] = owners
  if (owner === undefined) return []
  if (another !== undefined)
    return [
      finding(
        'STATE-MASTER',
        'note',
        owners.map((router) => placeOf(evidence, router, 'state')),
        `${addressesOf(owner)} has state MASTER on ${andList(owners.map(({ node }) => node))}, and one of them can be MASTER: the priority says which, and state MASTER takes nopreempt and preempt_delay away`,
        'state BACKUP on all nodes',
      ),
    ]
  const best = routers.reduce((a, b) => (effective(b).priority > effective(a).priority ? b : a))
  const [own, theirs] = [effective(owner), effective(best)]
  if (theirs.priority <= own.priority) return []
  return [
    finding(
      'OWNER',
      'error',
      [placeOf(evidence, owner, 'state'), placeOf(evidence, owner, 'priority'), placeOf(evidence, best, 'priority')],
      `${owner.node} has state MASTER for ${addressesOf(owner)} and priority ${own.text}; ${best.node} has ${theirs.text}, so ${best.node} holds it: state does not say who is MASTER, the priority does`,
      `a priority above ${theirs.priority} on ${owner.node}`,
    ),
  ]
}

function preemption(evidence: Evidence, router: Router): RuleFinding[] {
  const weighted = router.trackers.filter(hasWeight)
  const [first] = weighted
  if (first === undefined) return []
  const names = andList(weighted.map(({ name }) => name))
  if (router.nopreempt)
    return [
      finding(
        'NOPREEMPT',
        'warning',
        [placeOf(evidence, router, 'nopreempt'), first.at],
        `${router.name} has nopreempt, and follows ${names} by weight: with nopreempt a BACKUP stays BACKUP while it hears a MASTER, whatever its priority, so a weight moves nothing`,
        'weight 0, which takes a node that fails out of the election; or no nopreempt',
      ),
    ]
  if (router.preemptDelayMs === 0) return []
  return [
    finding(
      'PREEMPT-DELAY',
      'warning',
      [placeOf(evidence, router, 'preempt_delay'), first.at],
      `${router.name} on ${router.node} has preempt_delay ${router.preemptDelayMs / 1000} s, and follows ${names} by weight: the delay also keeps it from taking over from a node whose check fails`,
      'weight 0, which is not delayed; or no preempt_delay',
    ),
  ]
}

/** It changes the priority, and does not end in FAULT. */
function hasWeight({ healthy, under }: Tracker): boolean {
  return [healthy, ...Object.values(under).map(({ contribution }) => contribution)].some(
    (contribution) => contribution !== 'FAULT' && contribution !== 0,
  )
}

/** Unicast peers that are missing, or that only one side knows. */
export function peerRules(evidence: Evidence): RuleFinding[] {
  return evidence.elections.flatMap((routers) =>
    routers.flatMap((router): RuleFinding[] => {
      if (router.unicastPeers === undefined) return mixed(evidence, router, routers)
      const peers = new Set(router.unicastPeers)
      const unknown = routers.filter(
        ({ node, source, unicastPeers }) =>
          node !== router.node && unicastPeers !== undefined && source !== undefined && !peers.has(source),
      )
      return unknown.map((other) =>
        finding(
          'PEERS',
          isHeldTwice(evidence, [router]) ? 'error' : 'warning',
          [placeOf(evidence, router, 'unicast_peer'), placeOf(evidence, other, 'unicast_src_ip')],
          `${router.name} on ${router.node} does not send its adverts to ${other.node} (${other.source}): while ${router.node} is MASTER, ${other.node} does not hear that, and takes ${addressesOf(router)} as well`,
          `${other.source} in unicast_peer of ${router.node}`,
        ),
      )
    }),
  )
}

function mixed(evidence: Evidence, router: Router, routers: readonly Router[]): RuleFinding[] {
  const other = routers.find(({ unicastPeers }) => unicastPeers !== undefined)
  if (other === undefined) return []
  return [
    finding(
      'PEERS',
      'error',
      [placeOf(evidence, router, 'interface'), placeOf(evidence, other, 'unicast_peer')],
      `${addressesOf(router)} is announced by multicast on ${router.node} and by unicast on ${other.node}: they do not hear each other, so that both hold it`,
      'unicast_peer on all nodes, or on none',
    ),
  ]
}
