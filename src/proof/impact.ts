import type { AddressConfig, InstanceConfig, KeepalivedConfig, TrackReference } from '../keepalived-config/config.ts'
import type { Position } from '../spec/problem.ts'
import { apartReasons } from './apart.ts'
import { bareAddress } from './canonical-address.ts'
import { addressWords, identityWords } from './difference-words.ts'
import { addressDifferences, addressesOf, findOnReload, identityDifferences } from './reload-match.ts'

/** `at`: where it stands in the new file, or in the old one for what the new one lacks. */
export type Reason = { text: string; at: Position }

/**
 * What a reload of keepalived does to a VIP on a node that is its MASTER. `comes`: it is not in the old file. `stays`. `renewed`: the
 * node stays MASTER, and the address is away for about a millisecond. `leaves`: the node gives it up, and runs for it anew. `fails`: it
 * gives it up and cannot take it back. `goes`: the node has it no more.
 */
export type VipImpact = {
  /** Name of its instance; of the old one where it goes. */
  vip: string
  /** Its name in the old file; undefined: it is not there. */
  was: string | undefined
  kind: 'comes' | 'stays' | 'renewed' | 'leaves' | 'fails' | 'goes'
  reasons: readonly Reason[]
  /** Base priorities; undefined where the node does not take part. */
  priority: { was: number | undefined; will: number | undefined }
  /** Addresses, without prefix length, that the node will not have any more, or has for the first time. */
  gone: readonly string[]
  added: readonly string[]
  /** Why nodes with the old file and nodes with the new one do not hear each other: both sides may hold it. */
  apart: readonly Reason[]
}

/** `restart`: why keepalived refuses to reload the file; it goes on with the old one until it is started again. */
export type KeepalivedImpact = { restart: readonly Reason[]; vips: readonly VipImpact[] }

/** `fails`: what an instance follows and what says already that it cannot serve, by name. */
export type ImpactOptions = { fails?: ReadonlySet<string> }

/** What becomes of each VIP of this node when keepalived, which runs `before`, reads `after`; by keepalived's own rules (2.2.7). */
export function impactOf(
  { before, after }: { before: KeepalivedConfig | undefined; after: KeepalivedConfig },
  options: ImpactOptions = {},
): KeepalivedImpact {
  if (before === undefined) return { restart: [], vips: after.instances.map((instance) => comes(instance)) }
  const old = before.instances.map((instance) => ({ instance, next: nameOf(instance, before, after) }))
  const kept = old.map(({ instance, next }) =>
    next === undefined ? goes(instance, after) : changes(instance, next, before, after, options),
  )
  const known = new Set(old.map(({ next }) => next))
  return {
    restart: restartReasons(before, after),
    vips: [...kept, ...after.instances.filter((instance) => !known.has(instance)).map(comes)],
  }
}

/** The new instance of the same VIP: the one that keepalived takes for it, or has its name, or its first address. */
function nameOf(
  instance: InstanceConfig,
  before: KeepalivedConfig,
  after: KeepalivedConfig,
): InstanceConfig | undefined {
  const [first] = instance.addresses
  return (
    after.instances.find(({ name }) => name === instance.name) ??
    findOnReload({ instance, globals: before.globals }, after) ??
    after.instances.find(
      (other) => first !== undefined && addressesOf(other).some((one) => bareAddress(one) === bareAddress(first)),
    )
  )
}

function comes(instance: InstanceConfig): VipImpact {
  return {
    ...{ vip: instance.name, was: undefined, kind: 'comes', reasons: [] },
    priority: { was: undefined, will: instance.priority },
    ...{ gone: [], added: addressesOf(instance).map(bareAddress), apart: [] },
  }
}

function goes(instance: InstanceConfig, after: KeepalivedConfig): VipImpact {
  const refused = after.problems.length > 0 ? ', or keepalived does not read it' : ''
  return {
    ...{ vip: instance.name, was: instance.name, kind: 'goes' },
    reasons: [{ text: `the new file does not have it${refused}`, at: instance.at }],
    priority: { was: instance.priority, will: undefined },
    ...{ gone: addressesOf(instance).map(bareAddress), added: [], apart: [] },
  }
}

function changes(
  was: InstanceConfig,
  will: InstanceConfig,
  before: KeepalivedConfig,
  after: KeepalivedConfig,
  options: ImpactOptions,
): VipImpact {
  const old = { instance: was, globals: before.globals }
  const identity = identityDifferences(old, { instance: will, globals: after.globals }).map((difference) =>
    identityWords(difference, will),
  )
  const failing = newlyFollowed(was, will)
    .filter(({ name }) => options.fails?.has(name) === true)
    .map(({ name, at }) => ({ text: `it follows ${name} from now on, which says that this node cannot serve`, at }))
  const renewed = addressesOf(was).flatMap((address) => renewedAs(address, was, will))
  const [gone, added] = [addressesOf(was).map(bareAddress), addressesOf(will).map(bareAddress)]
  const kind = failing.length > 0 ? 'fails' : identity.length > 0 ? 'leaves' : renewed.length > 0 ? 'renewed' : 'stays'
  return {
    ...{ vip: will.name, was: was.name, kind },
    reasons: [...failing, ...identity, ...(kind === 'renewed' ? renewed : [])],
    priority: { was: was.priority, will: will.priority },
    gone: gone.filter((address) => !added.includes(address)),
    added: added.filter((address) => !gone.includes(address)),
    apart: apartReasons(old, { instance: will, globals: after.globals }),
  }
}

/** Why keepalived takes the address away and puts it back; empty where it does not, or where it is gone for good. */
function renewedAs(address: AddressConfig, was: InstanceConfig, will: InstanceConfig): Reason[] {
  const same = addressesOf(will).filter((other) => bareAddress(other) === bareAddress(address))
  const differences = same.map((other) => ({
    other,
    found: addressDifferences({ address, instance: was }, { address: other, instance: will }),
  }))
  if (differences.length === 0 || differences.some(({ found }) => found.length === 0)) return []
  return differences.flatMap(({ other, found }) =>
    found.map((difference) => ({ text: addressWords(bareAddress(address), difference), at: other.at })),
  )
}

function newlyFollowed(was: InstanceConfig, will: InstanceConfig): readonly TrackReference[] {
  return (['trackFiles', 'trackScripts', 'trackProcesses', 'trackInterfaces'] as const).flatMap((kind) =>
    will[kind].filter(({ name }) => !was[kind].some((other) => other.name === name)),
  )
}

/** reload_config() of keepalived 2.2.7 compares them, and passes no reload on when one has changed (core/main.c). */
function restartReasons(before: KeepalivedConfig, after: KeepalivedConfig): Reason[] {
  const keywords = [...new Set([...before.fixed.keys(), ...after.fixed.keys()])]
  return keywords.flatMap((keyword): Reason[] => {
    const [was, will] = [before.fixed.get(keyword), after.fixed.get(keyword)]
    if (was === undefined) return will === undefined ? [] : [{ text: `${keyword} is new`, at: will.at }]
    if (will === undefined) return [{ text: `${keyword} goes`, at: was.at }]
    if (was.value === will.value) return []
    return [{ text: `${keyword} changes from ${was.value || 'nothing'} to ${will.value || 'nothing'}`, at: will.at }]
  })
}
