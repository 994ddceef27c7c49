import type { AddressConfig, InstanceConfig } from '../keepalived-config/config.ts'
import { bareAddress } from '../proof/canonical-address.ts'
import { familyOf, parseIpAddress } from '../spec/address.ts'
import type { DraftNode, DraftVip } from './draft.ts'
import { unlike, vipName } from './names.ts'
import { shortPlace } from './old-cluster.ts'
import type { OldConfig } from './old-configs.ts'

/** One VRRP instance of one node. */
export type Member = { node: string; instance: InstanceConfig }

/** Instances of all nodes that move the same address. */
export type VipGroup = { members: readonly Member[] }

/** Puts together what the nodes say of the same address, in the order of the first node's file. */
export function groupInstances(configs: readonly OldConfig[], nodes: readonly DraftNode[]): VipGroup[] {
  const groups: { members: Member[] }[] = []
  for (const [index, { keepalived }] of configs.entries()) {
    const node = nodes[index]?.name ?? ''
    for (const instance of keepalived?.instances ?? []) {
      const mine = bareAddresses(instance)
      const group = groups.find(({ members }) =>
        members.some((one) => bareAddresses(one.instance).some((address) => mine.includes(address))),
      )
      if (group) group.members.push({ node, instance })
      else groups.push({ members: [{ node, instance }] })
    }
  }
  return groups
}

/** A VIP of lb.yaml for each group; `names`: what a VIP is called whose instance has only a number. */
export function draftVips(groups: readonly VipGroup[], names: (address: string) => string | undefined): DraftVip[] {
  const vips: DraftVip[] = []
  for (const { members } of groups) {
    const order = members.toSorted(firstHolds)
    const [first] = order
    const all = first === undefined ? [] : [...first.instance.addresses, ...first.instance.excluded]
    const [main, ...others] = all.filter(isTaken)
    if (first === undefined || main === undefined) continue
    const { address, prefixLength } = parts(main)
    const wanted = vipName(first.instance.name) ?? names(address) ?? 'vip'
    vips.push({
      name: unlike(
        wanted,
        vips.map(({ name }) => name),
      ),
      address,
      prefixLength: prefixLength === (familyOf(address) === 4 ? 32 : 128) ? undefined : prefixLength,
      virtualRouterId: first.instance.virtualRouterId,
      prefer: [...new Set(order.map(({ node }) => node))],
      extraAddresses: [...new Set([...others.map(written), ...missingFrom(first, members)])],
      comments: [...commentOnOrder(order), ...commentOnDifferences(first, members), ...commentOnRefused(all)],
    })
  }
  return vips
}

/** Addresses without their prefix length. */
export function bareAddresses({ addresses, excluded }: InstanceConfig): string[] {
  return [...addresses, ...excluded].map((address) => parts(address).address)
}

/** lb.yaml takes no link-local addresses, which VRRP for IPv6 has beside the real ones. */
function isTaken(address: AddressConfig): boolean {
  return parseIpAddress(parts(address).address)?.kind === 'unicast'
}

function commentOnRefused(addresses: readonly AddressConfig[]): string[] {
  return addresses
    .filter((address) => !isTaken(address))
    .map(
      (address) => `${address.address} (${shortPlace(address.at)}) was left out: lb.yaml takes no link-local address.`,
    )
}

function parts({ address }: AddressConfig): { address: string; prefixLength: number } {
  const [, prefix] = address.split('/')
  const text = bareAddress({ address })
  return { address: text, prefixLength: prefix === undefined ? (familyOf(text) === 4 ? 32 : 128) : Number(prefix) }
}

function written(address: AddressConfig): string {
  const { address: bare, prefixLength } = parts(address)
  return prefixLength === (familyOf(bare) === 4 ? 32 : 128) ? bare : `${bare}/${prefixLength}`
}

/** Who would hold the address: the higher priority, and of equal ones the declared MASTER, which starts first. */
function firstHolds(a: Member, b: Member): number {
  const isMaster = ({ instance }: Member) => (instance.state === 'MASTER' ? 1 : 0)
  return b.instance.priority - a.instance.priority || isMaster(b) - isMaster(a)
}

function commentOnOrder(order: readonly Member[]): string[] {
  const [first] = order
  if (first === undefined || order.length < 2) return []
  const priorities = order.map(({ instance }) => instance.priority)
  const masters = order.filter(({ instance }) => instance.state === 'MASTER')
  const [master] = masters
  const where = (member: Member) => shortPlace(member.instance.places.get('state') ?? member.instance.at)
  if (priorities.every((priority) => priority === priorities[0])) {
    const by = masters.length === 1 && master ? `${master.node} says state MASTER` : 'the order is that of the files'
    return [`All nodes had the priority ${priorities[0]}, so nothing said who holds it; ${by}.`]
  }
  const told = `priorities were ${order.map(({ node, instance }) => `${node} ${instance.priority}`).join(', ')}`
  if (masters.length === 1 && master && master.instance.priority < first.instance.priority) {
    return [`${master.node} says state MASTER (${where(master)}), but ${first.node} held it: ${told}.`]
  }
  if (masters.length > 1)
    return [
      `${masters.map(({ node }) => node).join(' and ')} all say state MASTER (${masters.map(where).join(', ')}); ${told}.`,
    ]
  const tied = order.findLast(({ instance }, index) => instance.priority === order[index + 1]?.instance.priority)
  return tied ? [`Some priorities were equal, and the order of those nodes is that of the files: ${told}.`] : []
}

/** Addresses that only other nodes have. */
function missingFrom(first: Member, members: readonly Member[]): string[] {
  const own = bareAddresses(first.instance)
  const all = members.flatMap(({ instance }) => [...instance.addresses, ...instance.excluded])
  return all.filter((address) => isTaken(address) && !own.includes(parts(address).address)).map(written)
}

function commentOnDifferences(first: Member, members: readonly Member[]): string[] {
  const different = (what: (instance: InstanceConfig) => unknown) =>
    members.filter(({ instance }) => String(what(instance)) !== String(what(first.instance)))
  const ids = different(({ virtualRouterId }) => virtualRouterId)
  const addresses = different((instance) => bareAddresses(instance).sort())
  return [
    ...ids.map(
      ({ node, instance }) =>
        `${node} had the virtual router id ${instance.virtualRouterId} (${shortPlace(instance.places.get('virtual_router_id') ?? instance.at)}); nodes with different ones do not hear each other.`,
    ),
    ...addresses.map(
      ({ node, instance }) =>
        `${node} had other addresses (${shortPlace(instance.at)}): ${bareAddresses(instance).join(', ')}; here are those of all nodes.`,
    ),
  ]
}
