import type { Router } from '../proof/model.ts'
import { addressesOf, andList, type Evidence, elections, finding, instanceOf, placeOf } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** What the instances of one election must have in common to hear each other. */
export function instanceRules(evidence: Evidence): RuleFinding[] {
  return elections(evidence).flatMap((routers) => [
    ...twice(evidence, routers),
    ...everybodysId(evidence, routers),
    ...intervals(evidence, routers),
    ...versions(evidence, routers),
    ...authentication(evidence, routers),
    ...lists(evidence, routers),
  ])
}

/** Instances of one id that have no address in common are two clusters on one network: each takes the other's adverts for its own. */
function twice(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  return routers.flatMap((router, index) => {
    const other = routers
      .slice(0, index)
      .find(({ node, addresses }) => node !== router.node && !addresses.some((one) => router.addresses.includes(one)))
    if (other === undefined) return []
    return [
      finding(
        'VRID-TWICE',
        'error',
        [placeOf(evidence, other, 'virtual_router_id'), placeOf(evidence, router, 'virtual_router_id')],
        `virtual router id ${router.virtualRouterId} is ${addressesOf(other)} on ${other.node} and ${addressesOf(router)} on ${router.node}: each of them takes the adverts of the other for its own`,
        'an id of its own for each',
      ),
    ]
  })
}

function everybodysId(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  if (first?.virtualRouterId !== 51) return []
  return [
    finding(
      'VRID-51',
      'warning',
      routers.map((router) => placeOf(evidence, router, 'virtual_router_id')),
      `${addressesOf(first)} has virtual router id 51, as in keepalived's examples: another pair on this network that was copied from them has it, too, and both then hold no address, or each other's`,
      'another one of 1-255',
    ),
  ]
}

function intervals(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  const other = routers.find(({ advertMs }) => advertMs !== first?.advertMs)
  const wrong = routers
    .filter(({ version, advertMs }) => version === 2 && advertMs < 1000)
    .map((router) =>
      finding(
        'ADVERT-V2',
        'error',
        [placeOf(evidence, router, 'advert_int')],
        `${router.name} on ${router.node} sends VRRPv2 adverts every ${router.advertMs} ms: VRRPv2 has whole seconds, and keepalived makes 1 s of it`,
        'version 3, which has hundredths of a second',
      ),
    )
  if (first === undefined || other === undefined) return wrong
  const told = routers.map(({ node, advertMs }) => `${advertMs} ms on ${node}`)
  const isDropped = first.version === 2 || other.version === 2
  return [
    ...wrong,
    finding(
      'ADVERT-INTERVAL',
      isDropped ? 'error' : 'warning',
      routers.map((router) => placeOf(evidence, router, 'advert_int')),
      `adverts of ${addressesOf(first)} are sent every ${andList(told)}: ${isDropped ? 'with VRRPv2 a node drops those of another interval, so that both hold it' : 'how soon a lost node is missed depends on who is the MASTER'}`,
      'the same advert_int on all nodes',
    ),
  ]
}

function versions(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  const other = routers.find(({ version }) => version !== first?.version)
  if (first === undefined || other === undefined) return []
  return [
    finding(
      'VERSION',
      'error',
      [placeOf(evidence, first, 'version'), placeOf(evidence, other, 'version')],
      `${addressesOf(first)} is announced by VRRPv${first.version} on ${first.node} and by VRRPv${other.version} on ${other.node}: neither takes the adverts of the other, so that both hold it`,
      'the same version on all nodes (vrrp_version, version)',
    ),
  ]
}

function authentication(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const found = routers.flatMap((router): RuleFinding[] => {
    const auth = instanceOf(evidence.nodes, router)?.authentication
    if (auth === undefined) return []
    const where = `${router.name} on ${router.node}`
    if (router.version === 3)
      return [
        finding(
          'AUTH',
          'warning',
          [auth.at],
          `${where} has authentication, which VRRPv3 does not have: keepalived ignores it`,
          'a rule of the firewall that lets protocol 112 in from the other nodes only, and no authentication block',
        ),
      ]
    if (auth.type !== 'PASS' || auth.password.length <= 8) return []
    return [
      finding(
        'AUTH',
        'warning',
        [auth.at],
        `the password of ${where} is longer than 8 characters: keepalived cuts it`,
        'at most 8 characters; they are sent in clear text, so only a rule of the firewall keeps strangers out',
      ),
    ]
  })
  const [first] = routers
  const other = routers.find((router) => router.version === 2 && router.authentication !== first?.authentication)
  if (first === undefined || other === undefined || first.version !== 2) return found
  return [
    ...found,
    finding(
      'AUTH',
      'error',
      [placeOf(evidence, first, 'authentication'), placeOf(evidence, other, 'authentication')],
      `${addressesOf(first)} has other authentication on ${first.node} than on ${other.node}: neither takes the adverts of the other, so that both hold it`,
      'the same auth_type and auth_pass on all nodes',
    ),
  ]
}

function lists(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  if (first === undefined) return []
  const other = routers.find(
    (router) =>
      router.advertised.some((address) => first.advertised.includes(address)) &&
      [...router.advertised].sort().join() !== [...first.advertised].sort().join(),
  )
  if (other === undefined) return []
  const more = (a: Router, b: Router): string[] => a.advertised.filter((address) => !b.advertised.includes(address))
  const told = [
    ...more(first, other).map((address) => `${address} only on ${first.node}`),
    ...more(other, first).map((address) => `${address} only on ${other.node}`),
  ]
  return [
    finding(
      'VIPS-DIFFER',
      'error',
      [placeOf(evidence, first, 'virtual_ipaddress'), placeOf(evidence, other, 'virtual_ipaddress')],
      `virtual router ${first.virtualRouterId} has ${andList(told)}: each node drops the adverts of the other ("received an unexpected ip number count"), so that both hold the addresses`,
      'the same virtual_ipaddress on all nodes; what differs can go into virtual_ipaddress_excluded',
    ),
  ]
}
