import type { Router, Tracker } from '../proof/model.ts'
import { addressesOf, andList, type Evidence, elections, finding, instanceOf, placeOf } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** What decides who holds an address: state, priority, nopreempt, preempt_delay. */
export function priorityRules(evidence: Evidence): RuleFinding[] {
  return elections(evidence).flatMap((routers) => [
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
        'warning',
        owners.map((router) => placeOf(evidence, router, 'state')),
        `${addressesOf(owner)} has state MASTER on ${andList(owners.map(({ node }) => node))}: each of them takes it when it starts, before it has heard of the other`,
        'state BACKUP on all nodes; the priority says who holds it',
      ),
    ]
  const best = routers.reduce((a, b) => (b.priority > a.priority ? b : a))
  if (best.priority <= owner.priority) return []
  return [
    finding(
      'OWNER',
      'error',
      [placeOf(evidence, owner, 'state'), placeOf(evidence, owner, 'priority'), placeOf(evidence, best, 'priority')],
      `${owner.node} has state MASTER for ${addressesOf(owner)} and priority ${owner.priority}; ${best.node} has ${best.priority}, so ${best.node} holds it: state says who starts, priority who stays`,
      `a priority above ${best.priority} on ${owner.node}`,
    ),
  ]
}

function preemption(evidence: Evidence, router: Router): RuleFinding[] {
  const weighted = router.trackers.filter(hasWeight)
  const [first] = weighted
  if (first === undefined) return []
  const names = andList(weighted.map(({ name }) => name))
  const isWrong = router.nopreempt
    ? finding(
        'NOPREEMPT',
        'error',
        [placeOf(evidence, router, 'nopreempt'), first.at],
        `${router.name} on ${router.node} has nopreempt, and follows ${names} by weight: with nopreempt a BACKUP stays BACKUP while it hears a MASTER, whatever its priority, so a weight moves nothing`,
        'weight 0, which takes a node that fails out of the election; or no nopreempt',
      )
    : router.preemptDelayMs > 0
      ? finding(
          'PREEMPT-DELAY',
          'warning',
          [placeOf(evidence, router, 'preempt_delay'), first.at],
          `${router.name} on ${router.node} has preempt_delay ${router.preemptDelayMs / 1000} s, and follows ${names} by weight: the delay also keeps it from taking over from a node whose check fails`,
          'weight 0, which is not delayed; or no preempt_delay',
        )
      : undefined
  return isWrong === undefined ? [] : [isWrong]
}

/** It changes the priority, and does not end in FAULT. */
export function hasWeight({ healthy, under }: Tracker): boolean {
  return [healthy, ...Object.values(under).map(({ contribution }) => contribution)].some(
    (contribution) => contribution !== 'FAULT' && contribution !== 0,
  )
}

/** Unicast peers that are missing, or that only one side knows. */
export function peerRules(evidence: Evidence): RuleFinding[] {
  return elections(evidence).flatMap((routers) =>
    routers.flatMap((router): RuleFinding[] => {
      if (router.unicastPeers === undefined) return mixed(evidence, router, routers)
      const at = instanceOf(evidence.nodes, router)?.places.get('unicast_peer')
      const unknown = routers.filter(
        ({ node, source, unicastPeers }) =>
          node !== router.node &&
          unicastPeers !== undefined &&
          source !== undefined &&
          router.unicastPeers?.includes(source) === false,
      )
      return unknown.map((other) =>
        finding(
          'PEERS',
          'error',
          [at ?? placeOf(evidence, router, 'unicast_peer'), placeOf(evidence, other, 'unicast_src_ip')],
          `${router.name} on ${router.node} does not send its adverts to ${other.node} (${other.source}): ${other.node} does not hear it, and holds ${addressesOf(router)} as well`,
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
