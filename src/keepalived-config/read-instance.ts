import type { Position } from '../spec/problem.ts'
import { addressOf, bareAddressIn, isLinkLocalMulticast, LONGEST_NAME, type ReadAddress } from './addresses.ts'
import type { Places } from './config.ts'
import { readPassedOver } from './passed-over.ts'
import { noTracking, readTracking, type TrackingDraft } from './read-tracking.ts'
import { numberOf, type Reading, valueBehind } from './reading.ts'
import { type Report, shown } from './report.ts'
import { placesOf, type Statement } from './statements.ts'
import { booleanIn, integerIn, millisecondsIn, unsignedIn } from './values.ts'

/** An instance as it is written; undefined: not written, or not valid. */
export type InstanceDraft = TrackingDraft & {
  name: string
  at: Position
  state: 'MASTER' | 'BACKUP' | undefined
  interface: string | undefined
  virtualRouterId: number | undefined
  priority: number | undefined
  version: 2 | 3 | undefined
  family: 4 | 6 | undefined
  advertMs: number | undefined
  nopreempt: boolean
  preemptDelayMs: number
  peers: { address: string; at: Position }[]
  faultNoPeer: boolean
  /** A word of unicast is written. */
  unicastWord: Position | undefined
  source: string | undefined
  multicastDestination: string | undefined
  dontTrackPrimary: boolean
  ownMac: boolean
  authType: { text: string; at: Position } | undefined
  password: string
  addresses: ReadAddress[]
  excluded: ReadAddress[]
  skipCheckAdvertAddresses: boolean
  strict: boolean | undefined
  checkUnicastSource: boolean
  downTimerAdverts: number
  places: Places
  syncGroup: string | undefined
  /** Words that make keepalived run a program. */
  seen: Set<string>
  /** Words that strict mode asks for: on or off, or a number that is not 0. */
  switches: Map<string, boolean>
}

/** vrrp_instance. One without a name, or with the name of another one, is left out. */
export function readInstance(statement: Statement, reading: Reading): void {
  const { report, globals, instances } = reading
  const [, name, more] = statement.words
  if (name === undefined || more !== undefined) {
    report(statement.at, 'vrrp_instance needs one name, so keepalived leaves it out; write one word behind it')
    return
  }
  const other = instances.get(name.text)
  if (other !== undefined) {
    report(
      name.at,
      `vrrp_instance ${name.text} is there already (${shown(other.at)}), so keepalived leaves this one out; give it another name`,
    )
    return
  }
  const draft: InstanceDraft = {
    ...noTracking(),
    ...{ name: name.text, at: statement.at, state: undefined, interface: undefined, virtualRouterId: undefined },
    ...{ priority: undefined, version: undefined, family: undefined, advertMs: undefined },
    ...{ nopreempt: false, preemptDelayMs: 0, dontTrackPrimary: false, ownMac: false },
    ...{ peers: [], faultNoPeer: false, unicastWord: undefined, source: undefined, multicastDestination: undefined },
    ...{ authType: undefined, password: '', addresses: [], excluded: [], strict: undefined },
    skipCheckAdvertAddresses: globals.skipCheckAdvertAddresses,
    checkUnicastSource: globals.checkUnicastSource,
    downTimerAdverts: globals.downTimerAdverts,
    places: placesOf(statement),
    syncGroup: undefined,
    seen: new Set(),
    switches: new Map(),
  }
  instances.set(name.text, draft)
  for (const one of statement.block) readWord(one, draft, reading)
}

function readWord(statement: Statement, draft: InstanceDraft, reading: Reading): void {
  const { report } = reading
  const isKnown =
    readTracking(statement, draft.name, draft, reading) ||
    readElection(statement, draft, report) ||
    readTransport(statement, draft, report) ||
    readAddresses(statement, draft, report)
  if (!isKnown) readPassedOver(statement, draft.seen, reading)
}

function readElection(statement: Statement, draft: InstanceDraft, report: Report): boolean {
  switch (statement.keyword) {
    case 'state':
      draft.state = stateOf(statement, draft, report)
      return true
    case 'interface':
      draft.interface = interfaceOf(statement, report) ?? draft.interface
      return true
    case 'virtual_router_id':
      draft.virtualRouterId =
        numberOf(statement, (text) => unsignedIn(text, 1, 255), 'a virtual router id is 1-255', report) ??
        draft.virtualRouterId
      return true
    case 'priority':
      draft.priority =
        numberOf(
          statement,
          (text) => unsignedIn(text, 1, 255),
          'a priority is 1-255, and keepalived takes 100',
          report,
        ) ?? 100
      return true
    case 'advert_int':
      draft.advertMs =
        numberOf(statement, (text) => millisecondsIn(text, 10, 255_000), 'it is 0.01-255 seconds', report) ??
        draft.advertMs
      return true
    case 'version':
      draft.version = versionOf(statement, draft, report)
      return true
    case 'nopreempt':
      draft.nopreempt = true
      return true
    case 'preempt':
      draft.nopreempt = false
      return true
    case 'preempt_delay':
      draft.preemptDelayMs =
        numberOf(statement, (text) => millisecondsIn(text, 0, 1_000_000), 'it is 0-1000 seconds', report) ?? 0
      return true
    case 'down_timer_adverts':
      draft.downTimerAdverts =
        numberOf(statement, (text) => unsignedIn(text, 1, 100), 'it is a number of adverts, 1-100', report) ??
        draft.downTimerAdverts
      return true
    case 'dont_track_primary':
      draft.dontTrackPrimary = true
      return true
    case 'lower_prio_no_advert':
    case 'higher_prio_send_advert':
      draft.switches.set(statement.keyword, booleanIn(statement.words[1]?.text ?? 'on') ?? false)
      return false
    case 'garp_lower_prio_repeat':
    case 'garp_lower_prio_delay':
      draft.switches.set(statement.keyword, Number(statement.words[1]?.text) > 0)
      return false
    case 'strict_mode':
      draft.strict = booleanOf(statement, report) ?? draft.strict
      return true
    default:
      return false
  }
}

function stateOf(statement: Statement, { name, state }: InstanceDraft, report: Report): 'MASTER' | 'BACKUP' {
  const value = valueBehind(statement, report)
  if (value?.text === 'MASTER') return 'MASTER'
  if (value !== undefined && value.text !== 'BACKUP') {
    report(value.at, `state is ${value.text}; it is MASTER or BACKUP, and keepalived takes BACKUP`)
    return 'BACKUP'
  }
  if (value === undefined || state !== 'MASTER') return state ?? 'BACKUP'
  report(value.at, `state of ${name} was MASTER before, which keepalived keeps; take one away`)
  return 'MASTER'
}

function interfaceOf(statement: Statement, report: Report): string | undefined {
  const value = valueBehind(statement, report)
  if (value === undefined || value.text.length <= LONGEST_NAME) return value?.text
  report(
    value.at,
    `${statement.keyword} is ${value.text}; the name of an interface has at most ${LONGEST_NAME} characters`,
  )
  return undefined
}

function versionOf(statement: Statement, { name, version, family }: InstanceDraft, report: Report): 2 | 3 | undefined {
  const wanted = numberOf(statement, (text) => integerIn(text, 2, 3), 'a version is 2 or 3', report)
  if (wanted !== 2 && wanted !== 3) return version
  if ((version === undefined || version === wanted) && !(wanted === 2 && family === 6)) return wanted
  report(
    statement.at,
    `version of ${name} is ${wanted}, and ${version ?? 3} by what stands before, which keepalived keeps; take one away`,
  )
  return version
}

function readTransport(statement: Statement, draft: InstanceDraft, report: Report): boolean {
  switch (statement.keyword) {
    case 'unicast_peer':
      draft.unicastWord ??= statement.at
      for (const one of statement.block) readPeer(one, draft, report)
      return true
    case 'unicast_src_ip':
      draft.unicastWord ??= statement.at
      readSource(statement, draft, report)
      return true
    case 'mcast_src_ip':
      readSource(statement, draft, report)
      return true
    case 'unicast_fault_no_peer':
      draft.unicastWord ??= statement.at
      draft.faultNoPeer = true
      return true
    case 'check_unicast_src':
      draft.unicastWord ??= statement.at
      draft.checkUnicastSource = true
      return true
    case 'old_unicast_checksum':
      draft.unicastWord ??= statement.at
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
      checkNames(statement, report)
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

/** true where nothing is written behind the keyword. */
function booleanOf({ keyword, words }: Statement, report: Report): boolean | undefined {
  const value = words[1]
  if (value === undefined) return true
  const found = booleanIn(value.text)
  if (found === undefined) report(value.at, `${keyword} is ${value.text}; it is on, off, or has no value`)
  return found
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

/** Interfaces that keepalived makes; what has a colon is a MAC address. */
function checkNames({ keyword, words }: Statement, report: Report): void {
  for (const { text, at } of words.slice(1, 3))
    if (!text.includes(':') && !/^(?!\.{1,2}$)[^/\s]{1,15}$/.test(text) && keyword === 'use_vmac')
      report(at, `use_vmac names ${text}; the name of an interface has 1-${LONGEST_NAME} characters and no /`)
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

function isOfFamily(
  family: 4 | 6,
  { text, at }: { text: string; at: Position },
  draft: InstanceDraft,
  report: Report,
): boolean {
  draft.family ??= family
  if (draft.family === family) return true
  report(
    at,
    `${text} is IPv${family} and ${draft.name} is IPv${draft.family}, so keepalived leaves it out; make an instance per family`,
  )
  return false
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

function readAddresses(statement: Statement, draft: InstanceDraft, report: Report): boolean {
  const { keyword } = statement
  if (keyword !== 'virtual_ipaddress' && keyword !== 'virtual_ipaddress_excluded') return false
  for (const one of statement.block) {
    const address = addressOf(one, report)
    if (address === undefined) continue
    if (keyword === 'virtual_ipaddress_excluded') draft.excluded.push(address)
    else if (isOfFamily(address.family, { text: address.address, at: address.at }, draft, report))
      draft.addresses.push(address)
  }
  return true
}
