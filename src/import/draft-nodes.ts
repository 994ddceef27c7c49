import type { InstanceConfig } from '../keepalived-config/config.ts'
import { parseIpAddress } from '../spec/address.ts'
import { isUnknown } from './ansible/filters.ts'
import type { DraftNode } from './draft.ts'
import { usableName } from './names.ts'
import { shortPlace } from './old-cluster.ts'
import type { OldConfig } from './old-configs.ts'

/** The balancers: addresses as the adverts, the inventory or the other nodes say them, and the devices of the instances. */
export function draftNodes(configs: readonly OldConfig[]): DraftNode[] {
  return configs.map((config) => {
    const instances = config.keepalived?.instances ?? []
    const devices = instances.flatMap(({ interface: device }) =>
      device === undefined || isUnknown(device) ? [] : [device],
    )
    const device = mostOf(devices)
    return {
      name: usableName(config.node.name, 'lb'),
      address: addressOf(config, configs),
      interface: device,
      comments: [...commentOnDevices(instances, device), ...commentOnAddresses(instances, device)],
    }
  })
}

function addressOf(config: OldConfig, all: readonly OldConfig[]): string | undefined {
  const instances = config.keepalived?.instances ?? []
  const source = instances.map((instance) => instance.source).find((one) => one !== undefined && isAddress(one))
  const { address } = config.node
  return (
    source ??
    (address !== undefined && isAddress(address) ? address : undefined) ??
    addressForPeers(config, all) ??
    ownBind(config, all)
  )
}

/** The one peer that others name and this node does not: with two nodes, each says where the other is. */
function addressForPeers(config: OldConfig, all: readonly OldConfig[]): string | undefined {
  const peersOf = ({ keepalived }: OldConfig) =>
    (keepalived?.instances ?? []).flatMap(({ unicast }) => unicast?.peers.map(({ address }) => address) ?? [])
  const own = peersOf(config)
  const others = all.filter((one) => one !== config).map((one) => new Set(peersOf(one)))
  const [first, ...rest] = others
  const candidates = [...(first ?? [])].filter(
    (address) => !own.includes(address) && rest.every((peers) => peers.has(address)),
  )
  return candidates.length === 1 && candidates[0] !== undefined && isAddress(candidates[0]) ? candidates[0] : undefined
}

/** An address that this node's HAProxy alone binds, and that no instance moves. */
function ownBind(config: OldConfig, all: readonly OldConfig[]): string | undefined {
  const vips = new Set(
    all
      .flatMap(({ keepalived }) => keepalived?.instances ?? [])
      .flatMap(({ addresses, excluded }) => [...addresses, ...excluded].map(({ address }) => address.split('/')[0])),
  )
  const bindsOf = ({ haproxy }: OldConfig) =>
    (haproxy?.proxies ?? []).flatMap(({ binds }) => binds.flatMap(({ address }) => address ?? []))
  const others = new Set(all.filter((one) => one !== config).flatMap(bindsOf))
  return bindsOf(config).find((address) => isAddress(address) && !vips.has(address) && !others.has(address))
}

function isAddress(text: string): boolean {
  return parseIpAddress(text)?.kind === 'unicast'
}

function mostOf(values: readonly string[]): string | undefined {
  const count = (value: string) => values.filter((other) => other === value).length
  return values.toSorted((a, b) => count(b) - count(a))[0]
}

function commentOnDevices(instances: readonly InstanceConfig[], device: string | undefined): string[] {
  return instances
    .filter(({ interface: other }) => other !== undefined && !isUnknown(other) && other !== device)
    .map(
      ({ name, at, interface: other }) => `${name} (${shortPlace(at)}) was on ${other}; a node has one interface here.`,
    )
}

function commentOnAddresses(instances: readonly InstanceConfig[], device: string | undefined): string[] {
  return instances
    .flatMap(({ addresses, excluded }) => [...addresses, ...excluded])
    .filter(({ dev }) => dev !== undefined && !isUnknown(dev) && dev !== device)
    .map(
      ({ address, dev, at }) =>
        `${address} (${shortPlace(at)}) was put on ${dev}; VIPs are on the interface of the node here.`,
    )
}
