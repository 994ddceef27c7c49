import { addressOf, LONGEST_NAME } from './addresses.ts'
import { type InstanceDraft, isOfFamily } from './instance-draft.ts'
import { readPassedOver } from './passed-over.ts'
import { noTracking, readTracking } from './read-tracking.ts'
import { readTransport } from './read-transport.ts'
import { booleanOf, nameOfBlock, numberOf, type Reading, valueBehind } from './reading.ts'
import type { Report } from './report.ts'
import { placesOf, type Statement } from './statements.ts'
import { booleanIn, integerIn, millisecondsIn, unsignedIn } from './values.ts'

/** vrrp_instance. One without a name, or with the name of another one, is left out. */
export function readInstance(statement: Statement, reading: Reading): void {
  const { report, globals, instances } = reading
  const name = nameOfBlock(statement, instances, report)
  if (name === undefined) return
  const draft: InstanceDraft = {
    ...noTracking(),
    name,
    at: statement.at,
    state: undefined,
    interface: undefined,
    virtualRouterId: undefined,
    priority: undefined,
    version: undefined,
    family: undefined,
    advertMs: undefined,
    nopreempt: false,
    preemptDelayMs: 0,
    dontTrackPrimary: false,
    ownMac: false,
    ipvlanAddress: undefined,
    peers: [],
    faultNoPeer: false,
    unicastWord: undefined,
    source: undefined,
    multicastDestination: undefined,
    authType: undefined,
    password: '',
    addresses: [],
    excluded: [],
    strict: undefined,
    skipCheckAdvertAddresses: globals.skipCheckAdvertAddresses,
    checkUnicastSource: globals.checkUnicastSource,
    downTimerAdverts: globals.downTimerAdverts,
    places: placesOf(statement),
    syncGroup: undefined,
    seen: new Set(),
    switches: new Map(),
  }
  instances.set(name, draft)
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
      draft.virtualRouterId = virtualRouterIdOf(statement, draft, report) ?? draft.virtualRouterId
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

/** A value that is none leaves the instance without an id. */
function virtualRouterIdOf(statement: Statement, draft: InstanceDraft, report: Report): number | undefined {
  const lacking = draft.virtualRouterId === undefined ? 'ends keepalived' : undefined
  const noted: Report = (at, message, effect) => report(at, message, effect ?? lacking)
  return numberOf(statement, (text) => unsignedIn(text, 1, 255), 'a virtual router id is 1-255', noted)
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
