import { parseIpAddress } from '../spec/address.ts'
import { bareAddressIn, isLinkLocalMulticast, LONGEST_NAME } from './addresses.ts'
import { type InstanceDraft, isOfFamily } from './instance-draft.ts'
import { booleanOf, valueBehind } from './reading.ts'
import type { Report } from './report.ts'
import type { Statement } from './statements.ts'
import { unsignedIn } from './values.ts'

/** Where adverts go and come from, and what is checked in them; false for other keywords. */
export function readTransport(statement: Statement, draft: InstanceDraft, report: Report): boolean {
  switch (statement.keyword) {
    case 'unicast_peer':
      draft.unicastWord ??= statement.words[0]
      for (const one of statement.block) readPeer(one, draft, report)
      return true
    case 'unicast_src_ip':
      draft.unicastWord ??= statement.words[0]
      readSource(statement, draft, report)
      return true
    case 'mcast_src_ip':
      readSource(statement, draft, report)
      return true
    case 'unicast_fault_no_peer':
      draft.unicastWord ??= statement.words[0]
      draft.faultNoPeer = true
      return true
    case 'check_unicast_src':
      draft.unicastWord ??= statement.words[0]
      draft.checkUnicastSource = true
      return true
    case 'old_unicast_checksum':
      draft.unicastWord ??= statement.words[0]
      if (statement.words[1] !== undefined && statement.words[1].text !== 'never')
        report(
          statement.words[1].at,
          `old_unicast_checksum is ${statement.words[1].text}; it is never, or has no value`,
        )
      return true
    case 'native_ipv6':
      if (draft.family === 4)
        report(statement.at, `${draft.name} has IPv4 addresses, so keepalived passes over native_ipv6; take it away`)
      else {
        draft.family = 6
        draft.version = 3
      }
      return true
    case 'mcast_dst_ip':
      readMulticastDestination(statement, draft, report)
      return true
    case 'use_vmac':
    case 'use_ipvlan':
      draft.ownMac = true
      readOwnInterface(statement, draft, report)
      return true
    case 'vrf':
      if (draft.interface !== undefined)
        report(statement.at, `${draft.name} has an interface, so keepalived passes over vrf; take one of them away`)
      return true
    case 'skip_check_adv_addr':
      // Also with off behind it (2.2.7, vrrp_skip_check_adv_addr_handler()).
      if (booleanOf(statement, report) !== undefined) draft.skipCheckAdvertAddresses = true
      return true
    case 'authentication':
      for (const one of statement.block) readAuthentication(one, draft, report)
      return true
    default:
      return false
  }
}

function readSource(statement: Statement, draft: InstanceDraft, report: Report): void {
  const value = valueBehind(statement, report)
  if (value === undefined) return
  const address = bareAddressIn(value.text)
  if (address === undefined) report(value.at, `${statement.keyword} is ${value.text}; it is an IP address`)
  else if (isOfFamily(address.family, value, draft, report)) draft.source = address.text
}

function readMulticastDestination(statement: Statement, draft: InstanceDraft, report: Report): void {
  const value = valueBehind(statement, report)
  if (value === undefined) return
  const address = bareAddressIn(value.text)
  const isMulticast = address?.kind === 'multicast' && (address.family === 4 || isLinkLocalMulticast(address.text))
  if (address === undefined || !isMulticast)
    report(
      value.at,
      `mcast_dst_ip is ${value.text}; it is a multicast address, of IPv6 one that stays on its link (ff02::)`,
    )
  else if (isOfFamily(address.family, value, draft, report)) draft.multicastDestination = address.text
}

/** The interface that keepalived makes: of use_vmac a name and a MAC address, of use_ipvlan a name, a mode and an address. */
function readOwnInterface({ keyword, words }: Statement, draft: InstanceDraft, report: Report): void {
  if (keyword === 'use_vmac') {
    for (const { text, at } of words.slice(1, 3))
      if (!text.includes(':') && !/^(?!\.{1,2}$)[^/\s]{1,15}$/.test(text))
        report(at, `use_vmac names ${text}; the name of an interface has 1-${LONGEST_NAME} characters and no /`)
    return
  }
  for (const word of words.slice(1)) {
    const address = parseIpAddress(word.text.split('/')[0] ?? '')
    if (address === undefined || !isOfFamily(address.family, word, draft, report)) continue
    draft.ipvlanAddress ??= address.text
    draft.source ??= address.text
  }
}

function readPeer({ words }: Statement, draft: InstanceDraft, report: Report): void {
  const [first] = words
  if (first === undefined) return
  const address = bareAddressIn(first.text)
  if (address === undefined) {
    report(first.at, `${first.text} is not an IP address, so keepalived leaves the peer out; correct it`)
    return
  }
  if (!isOfFamily(address.family, first, draft, report)) return
  let lowest = 0
  let highest = 255
  for (let index = 1; index < words.length; index += 2) {
    const option = words[index]
    const value = words[index + 1]
    if (option === undefined) break
    if (value === undefined) report(option.at, `${option.text} of peer ${first.text} has no value; write one behind it`)
    else if (unsignedIn(value.text, 0, 255) === undefined)
      report(value.at, `${option.text} is ${value.text}; a TTL is 0-255`)
    else if (option.text === 'min_ttl' || option.text === 'max_ttl') {
      draft.checkUnicastSource = true
      if (option.text === 'min_ttl') lowest = Number(value.text)
      else highest = Number(value.text)
    } else report(option.at, `keepalived knows no "${option.text}" behind a peer; write min_ttl, max_ttl or nothing`)
  }
  if (lowest > highest)
    report(first.at, `min_ttl of peer ${first.text} is above its max_ttl, so its adverts are not heard; lower it`)
  draft.peers.push({ address: address.text, at: first.at })
}

function readAuthentication(statement: Statement, draft: InstanceDraft, report: Report): void {
  const value = valueBehind(statement, report)
  if (value === undefined) return
  if (statement.keyword === 'auth_pass') {
    if (new TextEncoder().encode(value.text).length > 8)
      report(
        value.at,
        'auth_pass is longer than 8 characters, and keepalived uses the first 8; shorten it on all nodes',
      )
    draft.password = value.text.slice(0, 8)
  } else if (value.text === 'PASS' || value.text === 'AH') draft.authType = { text: value.text, at: statement.at }
  else report(value.at, `auth_type is ${value.text}; it is PASS or AH`)
}
