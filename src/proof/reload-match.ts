import type { AddressConfig, Globals, InstanceConfig } from '../keepalived-config/config.ts'
import { canonicalAddress } from './canonical-address.ts'
import { multicastGroupOf } from './groups.ts'

/** An instance, and what holds in its file. */
export type Side = { instance: InstanceConfig; globals: Globals }

/** What keepalived compares of two instances. */
export const IDENTITY = [
  'virtual router id',
  'family',
  'interface',
  'transport',
  'source',
  'own interface',
  'multicast group',
] as const

/** Something that is another than before; undefined: not written, so that keepalived chooses. */
export type Difference<What extends string = (typeof IDENTITY)[number]> = {
  what: What
  was: string | undefined
  will: string | undefined
}

/**
 * What makes another instance of it: empty when keepalived keeps its state and its addresses over a reload (2.2.7, vrrp_exist() in
 * vrrp.c; not its name, version, priority or peers). An own interface is compared with multicast alone there; with unicast one that
 * goes takes the addresses with it, and one that comes leaves them where they are (tried).
 */
export function identityDifferences(before: Side, after: Side): Difference[] {
  const [was, will] = [identityOf(before), identityOf(after)]
  return IDENTITY.filter((what) => was[what] !== will[what])
    .filter((what) => what !== 'own interface' || was.transport === 'multicast' || was[what] !== undefined)
    .filter((what) => !(was.transport !== will.transport && (what === 'source' || what === 'multicast group')))
    .map((what) => ({ what, was: was[what], will: will[what] }))
}

/** The instance that goes on as `before` after a reload. */
export function findOnReload(
  before: Side,
  after: { instances: readonly InstanceConfig[]; globals: Globals },
): InstanceConfig | undefined {
  return after.instances.find(
    (instance) => identityDifferences(before, { instance, globals: after.globals }).length === 0,
  )
}

function identityOf({ instance, globals }: Side): Record<Difference['what'], string | undefined> {
  const isUnicast = instance.unicast !== undefined
  return {
    'virtual router id': String(instance.virtualRouterId),
    family: `IPv${instance.family}`,
    interface: instance.interface,
    transport: isUnicast ? 'unicast' : 'multicast',
    // With multicast it is not compared.
    source: isUnicast && instance.source !== undefined ? canonicalAddress(instance.source) : undefined,
    'own interface': instance.ownMac ? 'use_vmac' : undefined,
    'multicast group': isUnicast ? undefined : canonicalAddress(multicastGroupOf(instance, globals)),
  }
}

export type AddressDifference = Difference<'prefix length' | 'interface' | 'label' | 'scope'>

/**
 * What makes another address of the same one, so that keepalived takes it away and puts it back within a reload (2.2.7,
 * compare_ipaddress() in vrrp_ipaddress.c). In which of the two blocks it is does not count, nor its broadcast address.
 */
export function addressDifferences(
  before: { address: AddressConfig; instance: InstanceConfig },
  after: { address: AddressConfig; instance: InstanceConfig },
): AddressDifference[] {
  const [was, will] = [addressParts(before), addressParts(after)]
  return (['prefix length', 'interface', 'label', 'scope'] as const).flatMap((what): AddressDifference[] =>
    was[what] === will[what] ? [] : [{ what, was: was[what], will: will[what] }],
  )
}

function addressParts({ address, instance }: { address: AddressConfig; instance: InstanceConfig }) {
  return {
    'prefix length': `/${address.address.split('/')[1]}`,
    interface: address.dev ?? instance.interface,
    label: address.label,
    scope: address.scope === 'global' || address.scope === '0' ? undefined : address.scope,
  }
}

/** Of both blocks. */
export function addressesOf({
  addresses,
  excluded,
}: Pick<InstanceConfig, 'addresses' | 'excluded'>): readonly AddressConfig[] {
  return [...addresses, ...excluded]
}
