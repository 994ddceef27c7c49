import type { Position } from '../spec/problem.ts'
import type { InstanceDraft } from './instance-draft.ts'
import type { Report } from './report.ts'

const OWNER = 255

type Known = { version: 2 | 3; family: 4 | 6; priority: number; strict: boolean }

/** Words of an instance that keepalived refuses together, and that change nothing of what is told of it. */
export function checkContradictions(draft: InstanceDraft, known: Known, report: Report): void {
  checkUnicast(draft, report)
  checkOwnMac(draft, known.family, report)
  if (known.strict) checkStrict(draft, known, report)
}

function placeOf({ places, at }: InstanceDraft, keyword: string): Position {
  return places.get(keyword) ?? at
}

function checkUnicast(draft: InstanceDraft, report: Report): void {
  const { name, peers, faultNoPeer, unicastWord, ownMac, places } = draft
  if (unicastWord !== undefined && peers.length === 0 && !faultNoPeer) {
    const what =
      unicastWord.text === 'unicast_peer' ? 'an empty unicast_peer' : `${unicastWord.text} and no unicast_peer`
    report(
      unicastWord.at,
      `${name} has ${what}, so its adverts go by multicast; name the peers, or take ${unicastWord.text} away`,
    )
  }
  if (places.has('unicast_ttl') && peers.length === 0)
    report(
      placeOf(draft, 'unicast_ttl'),
      `${name} has unicast_ttl and no unicast_peer; name the peers, or take it away`,
    )
  if (places.has('mcast_dst_ip') && peers.length > 0)
    report(placeOf(draft, 'mcast_dst_ip'), `${name} has mcast_dst_ip and unicast peers; take one of them away`)
  if (ownMac && unicastWord !== undefined && !places.has('vmac_xmit_base')) {
    const word = places.has('use_vmac') ? 'use_vmac' : 'use_ipvlan'
    report(placeOf(draft, word), `${name} has ${word} with unicast, which needs vmac_xmit_base; write that as well`)
  }
}

function checkOwnMac(draft: InstanceDraft, family: 4 | 6, report: Report): void {
  const { name, places, ownMac, ipvlanAddress } = draft
  if (places.has('vmac_xmit_base') && !places.has('use_vmac'))
    report(placeOf(draft, 'vmac_xmit_base'), `vmac_xmit_base of ${name} does nothing without use_vmac; take it away`)
  if (places.has('promote_secondaries') && ownMac)
    report(
      placeOf(draft, 'promote_secondaries'),
      `promote_secondaries of ${name} goes without saying for an interface of its own; take it away`,
    )
  if (places.has('use_ipvlan') && family === 4 && ipvlanAddress === undefined)
    report(
      placeOf(draft, 'use_ipvlan'),
      `use_ipvlan of ${name} has no address, so it stays in FAULT; write one behind it`,
    )
}

/** What strict mode does not allow besides. */
function checkStrict(draft: InstanceDraft, { version, family, priority }: Known, report: Report): void {
  const { name, places, switches, addresses, peers } = draft
  const wrong = new Set([
    ...(switches.get('lower_prio_no_advert') === false ? ['lower_prio_no_advert'] : []),
    ...(switches.get('higher_prio_send_advert') === true ? ['higher_prio_send_advert'] : []),
    ...['garp_lower_prio_repeat', 'garp_lower_prio_delay'].filter((word) => switches.get(word) === true),
    ...(version === 2 && priority !== OWNER && places.has('accept') ? ['accept'] : []),
    ...(places.has('use_vmac') ? ['vmac_xmit_base'] : []),
  ])
  for (const word of wrong) {
    const at = places.get(word)
    if (at !== undefined) report(at, `${word} of ${name} is not what strict mode demands; take it away`)
  }
  const [first] = addresses
  if (family === 6 && peers.length === 0 && first !== undefined && !first.address.toLowerCase().startsWith('fe80:'))
    report(first.at, `the first address of ${name} is ${first.address}; in strict mode it is one of its link (fe80::)`)
}
