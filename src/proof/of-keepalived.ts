import type { HaproxyConfig } from '../haproxy-config/config.ts'
import type {
  InstanceConfig,
  KeepalivedConfig,
  SyncGroupConfig,
  Tracking,
  TrackReference,
} from '../keepalived-config/config.ts'
import { RESTARTS_KEEPALIVED } from './agent-trackers.ts'
import { bareAddress, canonicalAddress } from './canonical-address.ts'
import { multicastGroupOf } from './groups.ts'
import { fileTracker, interfaceTracker, processTracker, scriptTracker } from './hand-trackers.ts'
import type { ProofCluster, ProofVip, Router, Tracker } from './model.ts'

/** A node as its keepalived.conf says. `scripts`: the texts of check scripts that could be read, by the word of the command that names them. */
export type KeepalivedNode = {
  name: string
  config: KeepalivedConfig
  scripts?: ReadonlyMap<string, string>
  /** Whether something starts keepalived again when it is killed; Debian's unit of 2.2.7 does not. */
  isRestarted?: boolean
  /** Its haproxy.cfg, where that is known: what a check asks is answered there or not. */
  haproxy?: HaproxyConfig
}

/**
 * The routers of hand-written files, one keepalived.conf per node. Each address is a VIP; nobody says who should hold it. A node
 * whose keepalived does not start with its file takes no part.
 */
export function proofOfKeepalived(nodes: readonly KeepalivedNode[]): ProofCluster {
  const all = nodes.map((node) => node.config.instances.map((instance) => routerOf(node, instance)))
  return {
    nodes: nodes.map(({ name, isRestarted }) => ({
      name,
      restartsKeepalived: isRestarted === true ? RESTARTS_KEEPALIVED : undefined,
    })),
    routers: all.filter((_, index) => nodes[index]?.config.fatal.length === 0).flat(),
    vips: vipsOf(all.flat()),
  }
}

function vipsOf(routers: readonly Router[]): ProofVip[] {
  const addresses = new Set(routers.flatMap((router) => router.addresses))
  return [...addresses].map((address) => ({ name: address, address, prefer: undefined, hasServers: true }))
}

function routerOf(node: KeepalivedNode, instance: InstanceConfig): Router {
  const { config } = node
  const group = config.syncGroups.find(({ members }) => members.some(({ name }) => name === instance.name))
  const { unicast, family, authentication } = instance
  const addresses = instance.addresses.map(bareAddress)
  // The instances of a group hold their addresses, or none, together.
  const together = config.instances
    .filter(({ name }) => name === instance.name || group?.members.some((member) => member.name === name))
    .flatMap((one) => [...one.addresses, ...one.excluded].map(bareAddress))
  return {
    node: node.name,
    name: instance.name,
    at: instance.places.get('priority') ?? instance.at,
    family,
    virtualRouterId: instance.virtualRouterId,
    interface: instance.interface ?? '',
    version: instance.version,
    priority: instance.priority,
    advertMs: instance.advertMs,
    nopreempt: instance.nopreempt,
    preemptDelayMs: instance.preemptDelayMs,
    startsAsMaster: instance.state === 'MASTER',
    source: instance.source,
    unicastPeers: unicast?.peers.map(({ address }) => canonicalAddress(address)),
    multicastGroup: multicastGroupOf(instance, config.globals),
    authentication: instance.version === 2 && authentication ? `${authentication.type} ${authentication.password}` : '',
    advertised: addresses,
    checksSource: instance.checkUnicastSource,
    addresses: [...addresses, ...instance.excluded.map(bareAddress)],
    downTimerAdverts: instance.downTimerAdverts,
    trackers: [...trackersOf(node, instance, counts(group)), ...(group ? trackersOf(node, group, counts(group)) : [])],
    tracksInterface: !instance.dontTrackPrimary,
    syncGroup: group?.name,
  }

  function trackersOf(of: KeepalivedNode, tracking: Tracking, weightsCount: boolean): Tracker[] {
    const found = [
      ...tracking.trackScripts.map((reference) => scriptTracker(of, reference, together)),
      ...tracking.trackFiles.map((reference) => fileTracker(of, reference)),
      ...tracking.trackProcesses.map((reference) => processTracker(of, reference)),
      ...tracking.trackInterfaces.map((reference: TrackReference) => interfaceTracker(reference, instance.interface)),
    ].filter((tracker) => tracker !== undefined)
    // Members of a sync group follow only what has no weight (2.2.7: weighted trackers are ignored or removed).
    return weightsCount ? found : found.filter(onlyFault)
  }
}

function counts(group: SyncGroupConfig | undefined): boolean {
  return group === undefined || group.trackingWeight
}

function onlyFault({ healthy, under }: Tracker): boolean {
  return [healthy, ...Object.values(under).map(({ contribution }) => contribution)].every(
    (contribution) => contribution === 'FAULT' || contribution === 0,
  )
}
