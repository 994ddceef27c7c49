import type { ReadAddress } from './addresses.ts'
import type { AddressConfig, Globals, InstanceConfig, TrackReference } from './config.ts'
import { checkContradictions } from './contradictions.ts'
import type { InstanceDraft } from './instance-draft.ts'
import type { Report } from './report.ts'

const OWNER = 255
/** The header counts addresses in eight bits (2.2.7, VRRP_MAX_ADDR). */
const MOST_ADDRESSES = 255

/**
 * An instance with what keepalived takes where nothing is written, or where two words contradict each other (2.2.7,
 * vrrp_complete_instance()); undefined where it has no virtual router id: keepalived does not start then.
 */
export function completeInstance(draft: InstanceDraft, globals: Globals, report: Report): InstanceConfig | undefined {
  const { name, at, places } = draft
  const strict = draft.strict ?? globals.strict
  const place = (keyword: string): typeof at => places.get(keyword) ?? at
  if (draft.virtualRouterId === undefined && !places.has('virtual_router_id'))
    report(at, `${name} has no virtual_router_id, so keepalived does not start; write one of 1-255`, 'ends keepalived')
  if (draft.interface === undefined && !places.has('interface'))
    report(
      at,
      `${name} has no interface, so keepalived does not start; write the one that its adverts go through`,
      'ends keepalived',
    )
  const family = draft.family ?? 4
  const version = draft.version ?? (family === 6 ? 3 : globals.version)
  const { state, priority } = roleOf(draft, strict, place, report)
  if (version === 2 && family === 6 && strict)
    report(place('version'), `${name} has IPv6 addresses and version 2, which strict mode refuses; write version 3`)
  checkAddresses(draft, version, strict, report)
  checkContradictions(draft, { version, family, priority, strict }, report)
  if (draft.virtualRouterId === undefined) return undefined
  return {
    name,
    at,
    state,
    interface: draft.interface,
    virtualRouterId: draft.virtualRouterId,
    priority,
    version: version === 2 && family === 6 && strict ? 3 : version,
    family,
    advertMs: advertOf(draft, version, place('advert_int'), report),
    ...preemptionOf(draft, state, priority, strict, place, report),
    unicast:
      draft.peers.length > 0 || draft.faultNoPeer ? { peers: draft.peers, faultNoPeer: draft.faultNoPeer } : undefined,
    source: draft.source,
    multicastDestination: draft.multicastDestination,
    dontTrackPrimary: draft.dontTrackPrimary,
    ownMac: draft.ownMac,
    authentication: authenticationOf(draft, { version, family, state, priority, strict }, place, report),
    addresses: draft.addresses.slice(0, MOST_ADDRESSES).map(withoutFamily),
    excluded: [...draft.excluded, ...draft.addresses.slice(MOST_ADDRESSES)].map(withoutFamily),
    skipCheckAdvertAddresses: draft.skipCheckAdvertAddresses,
    checkUnicastSource: draft.checkUnicastSource,
    downTimerAdverts: downTimerOf(draft, strict, place('down_timer_adverts'), report),
    trackFiles: draft.trackFiles,
    trackScripts: draft.trackScripts,
    trackProcesses: draft.trackProcesses,
    trackInterfaces: otherInterfaces(draft, report),
    places,
  }
}

type Place = (keyword: string) => InstanceDraft['at']

/** Without a priority MASTER means 255; without a state 255 means MASTER. */
function roleOf({ name, state, priority }: InstanceDraft, strict: boolean, place: Place, report: Report) {
  const chosen = priority ?? (state === 'MASTER' ? OWNER : 100)
  const byPriority = chosen === OWNER ? 'MASTER' : 'BACKUP'
  if (strict && state !== undefined && state !== byPriority) {
    report(
      place('state'),
      `state of ${name} is ${state} with priority ${chosen}; in strict mode MASTER is for priority 255 alone`,
    )
    return { state: byPriority, priority: chosen } as const
  }
  return { state: state ?? byPriority, priority: chosen } as const
}

function checkAddresses(
  { name, at, addresses, places }: InstanceDraft,
  version: 2 | 3,
  strict: boolean,
  report: Report,
): void {
  const where = places.get('virtual_ipaddress') ?? at
  if (addresses.length === 0) {
    const ends = version === 3 || strict
    const then = ends ? 'does not start' : 'moves nothing'
    const effect = ends ? 'ends keepalived' : undefined
    report(where, `${name} has no address in virtual_ipaddress, so keepalived ${then}; write one`, effect)
  }
  if (addresses.length > MOST_ADDRESSES)
    report(
      where,
      `${name} has ${addresses.length} addresses, and an advert holds ${MOST_ADDRESSES}; move the rest to virtual_ipaddress_excluded`,
    )
}

/** VRRPv2 has whole seconds up to 255, VRRPv3 steps of 10 ms up to 40.95 s. */
function advertOf(
  { name, advertMs = 1_000 }: InstanceDraft,
  version: 2 | 3,
  at: InstanceDraft['at'],
  report: Report,
): number {
  const step = version === 2 ? 1_000 : 10
  const most = version === 2 ? 255_000 : 40_950
  if (advertMs >= most + step) {
    report(
      at,
      `advert_int of ${name} is ${advertMs / 1_000}, and VRRPv${version} has at most ${most / 1_000} seconds, which keepalived takes`,
    )
    return most
  }
  const rounded = Math.max(step, Math.floor((advertMs + step / 2) / step) * step)
  if (advertMs % step === 0) return advertMs
  const steps = version === 2 ? 'whole seconds (version 3 has hundredths)' : 'hundredths of a second'
  report(
    at,
    `advert_int of ${name} is ${advertMs / 1_000}, and VRRPv${version} has ${steps}; keepalived takes ${rounded / 1_000}`,
  )
  return rounded
}

function preemptionOf(
  { name, nopreempt, preemptDelayMs, state: written }: InstanceDraft,
  state: 'MASTER' | 'BACKUP',
  priority: number,
  strict: boolean,
  place: Place,
  report: Report,
): { nopreempt: boolean; preemptDelayMs: number } {
  const isOwner = priority === OWNER
  const isPassedOver = nopreempt && (state === 'MASTER' || isOwner)
  if (isPassedOver) {
    const [why, instead] = written === 'MASTER' ? ['state MASTER', 'write state BACKUP'] : ['priority 255', 'lower it']
    report(place('nopreempt'), `nopreempt of ${name} does nothing with ${why}; ${instead}, or take nopreempt away`)
  }
  const stays = nopreempt && !isPassedOver
  if (preemptDelayMs === 0) return { nopreempt: stays, preemptDelayMs }
  const why = state === 'MASTER' ? 'state MASTER' : strict ? 'strict mode' : stays ? 'nopreempt' : undefined
  if (why === undefined) return { nopreempt: stays, preemptDelayMs }
  report(place('preempt_delay'), `preempt_delay of ${name} does nothing with ${why}; take one of them away`)
  return { nopreempt: stays, preemptDelayMs: 0 }
}

type Known = { version: 2 | 3; family: 4 | 6; state: 'MASTER' | 'BACKUP'; priority: number; strict: boolean }

function authenticationOf(
  { name, authType, password }: InstanceDraft,
  { version, family, state, priority, strict }: Known,
  place: Place,
  report: Report,
): InstanceConfig['authentication'] {
  if (authType === undefined) return undefined
  const isAh = authType.text === 'AH'
  const why = strict
    ? 'strict mode has none'
    : version === 3
      ? 'VRRPv3 has none'
      : password === ''
        ? 'it has no auth_pass'
        : family === 6 && isAh
          ? 'AH does not work with IPv6'
          : undefined
  if (why !== undefined) {
    report(
      authType.at,
      `authentication of ${name} does nothing, because ${why}; take it away on all nodes, or mend that`,
    )
    return undefined
  }
  if (isAh && state === 'MASTER' && priority !== OWNER)
    report(place('state'), `state of ${name} is MASTER, which AH does not allow; write state BACKUP`)
  return { type: authType.text, password, at: authType.at }
}

function downTimerOf(
  { name, downTimerAdverts }: InstanceDraft,
  strict: boolean,
  at: InstanceDraft['at'],
  report: Report,
): number {
  if (!strict || downTimerAdverts === 3) return downTimerAdverts
  report(at, `down_timer_adverts of ${name} is ${downTimerAdverts}, and strict mode has 3; take it away`)
  return 3
}

/** Its own interface is followed without a word, unless dont_track_primary is written, and never with one. */
function otherInterfaces(draft: InstanceDraft, report: Report): TrackReference[] {
  const { name, interface: own, trackInterfaces, dontTrackPrimary } = draft
  return trackInterfaces.filter((reference) => {
    if (reference.name !== own) return true
    const instead = dontTrackPrimary ? 'take dont_track_primary away instead' : 'take it away'
    report(
      reference.at,
      `track_interface ${own} of ${name} is its own interface, so keepalived leaves it out; ${instead}`,
    )
    return false
  })
}

function withoutFamily({ family: _, ...address }: ReadAddress): AddressConfig {
  return address
}
