import { howToInstall, type PackageManager } from '../../how-to-install.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** A VRRP advert that passed the interface, in or out. `mac`: its sender's on this network; undefined where there are none. */
export type Advert = {
  mac: string | undefined
  source: string
  version: 2 | 3
  virtualRouterId: number
  priority: number
}

/** What was heard on the interface, or why nobody listened. */
export type Heard =
  | { kind: 'adverts'; adverts: readonly Advert[] }
  | { kind: 'not root' }
  | { kind: 'no tcpdump' }
  | { kind: 'failed'; reason: string }

/**
 * What is expected on the interface. `self`: this node; `heldHere`: it held the VIP all the time; `waits`: it leaves the VIP to a
 * pair without lb-agent, so it is in FAULT.
 */
export type Expected = {
  vip: { name: string; address: string; virtualRouterId: number }
  interface: string
  listenedMs: number
  advertIntervalMs: number
  self: string
  heldHere: boolean
  waits: boolean
  nodes: readonly { name: string; address: string; mac: string | undefined }[]
}

/** By name where it is a node. `unknown`: a link-local address, which any of them may have. */
type Sender = Advert & { kind: 'node' | 'stranger' | 'unknown'; name: string; count: number }

export function advertsVerdict(heard: Heard, expected: Expected, manager: PackageManager): Verdict {
  switch (heard.kind) {
    case 'not root':
      return cannotTell('Listening for adverts is for root.', AS_ROOT)
    case 'no tcpdump':
      return cannotTell('tcpdump is not installed, so nobody listened for adverts.', howToInstall('tcpdump', manager))
    case 'failed':
      return cannotTell(`tcpdump cannot listen on ${expected.interface}: ${heard.reason}.`)
    case 'adverts':
      return judge(sendersOf(heard.adverts, expected), expected)
    default:
      return heard satisfies never
  }
}

function judge(senders: readonly Sender[], expected: Expected): Verdict {
  const { vip, interface: link, listenedMs, advertIntervalMs, self, heldHere, waits, nodes } = expected
  const adverts = `adverts of virtual router id ${vip.virtualRouterId}`
  const left = waits ? leftVerdict(senders, expected) : undefined
  if (left !== undefined) return left
  const stranger = senders.find(({ kind }) => kind === 'stranger')
  if (stranger !== undefined)
    return problem(
      `${stranger.name} sends VRRPv${stranger.version} ${adverts} (priority ${stranger.priority}) on ${link}, and is no node of lb.yaml: two clusters that share an id disturb each other.`,
      `another virtualRouterId for VIP ${vip.name} in lb.yaml; or end VRRP there (systemctl stop keepalived; CARP of a pfSense or OPNsense counts as VRRPv2)`,
    )
  const old = senders.find(({ version, kind }) => version === 2 && kind === 'node')
  if (old !== undefined)
    return problem(
      `${old.name} sends VRRPv2 ${adverts} on ${link}: a keepalived with hand-written files runs there. It and the VRRPv3 of lb-agent do not hear each other, so both hold VIP ${vip.name}.`,
      `on ${old.name}: systemctl stop keepalived, and let lb-agent write its files (README, "Coming from Ansible or hand-written files")`,
    )
  // As often as the one node that holds a VIP, so not one that gives it away just now.
  const steady = senders.filter(({ count }) => count >= (0.6 * listenedMs) / advertIntervalMs && count > 1)
  const [one, two] = nodes.map(({ name }) => name).filter((name) => steady.some((sender) => sender.name === name))
  if (one !== undefined && two !== undefined)
    return problem(
      `${one} and ${two} both send ${adverts}: each believes to be alone, and both hold VIP ${vip.name}.`,
      'on both: let IP protocol 112 in (nft insert rule TABLE CHAIN meta l4proto vrrp accept), and lb-agent doctor; no rule of a network between may drop it',
    )
  const within = `in ${listenedMs / 1000} s`
  const hidden = senders.find(({ kind }) => kind === 'unknown')
  if (hidden !== undefined)
    return cannotTell(
      `${hidden.name} sends ${adverts} on ${link}; whether that link-local address is a node's is not known.`,
      `ip -6 address show dev ${link} on each node`,
    )
  if (heldHere && senders.every(({ name }) => name !== self) && listenedMs > 3 * advertIntervalMs)
    return problem(
      `${self} holds VIP ${vip.name}, and none of its ${adverts} left ${link} ${within}: the other nodes believe to be alone.`,
      'nft list ruleset | grep -i -e vrrp -e 112 (chains of hook output); journalctl -u keepalived -n 50',
    )
  if (senders.length === 0)
    return cannotTell(
      `No ${adverts} on ${link} ${within}: no node holds VIP ${vip.name}, or they do not come through to ${self}.`,
      'lb-agent status --cluster says who holds it; between the nodes IP protocol 112 must pass',
    )
  const names = nodes.map(({ name }) => name).filter((name) => senders.some((sender) => sender.name === name))
  return ok(
    `${within.replace('in', 'In')} on ${link}, only ${names.join(' and ')} sent ${adverts}; unicast to others is not heard.`,
  )
}

/**
 * In the middle of a takeover: the pair that is heard holds the VIP alone, so nothing may end it. undefined where nothing of it is
 * heard, or an agent holds the VIP already.
 */
function leftVerdict(senders: readonly Sender[], expected: Expected): Verdict | undefined {
  const { vip, interface: link, self, nodes } = expected
  const adverts = `adverts of virtual router id ${vip.virtualRouterId}`
  const old = senders.filter(({ version, name }) => version === 2 && name !== self)
  const holder = old.find(({ kind }) => kind === 'node') ?? old[0]
  if (holder?.kind === 'node') {
    const address = nodes.find(({ name }) => name === holder.name)?.address ?? holder.source
    return problem(
      `VIP ${vip.name} is left to the pair without lb-agent on ${holder.name} (${address}), which holds it and sends VRRPv2 ${adverts} on ${link}: until an agent holds it, no node takes it over by VRRP.`,
      `run lb-agent install on ${holder.name}`,
    )
  }
  if (holder !== undefined)
    return problem(
      `VIP ${vip.name} is left to a pair without lb-agent, and ${holder.source}, which is no address of a node in lb.yaml, sends VRRPv2 ${adverts} on ${link}.`,
      `if ${vip.address} is on that machine (ip address show): run lb-agent install there; if it is another cluster: another virtualRouterId for VIP ${vip.name} in lb.yaml`,
    )
  if (senders.length > 0) return undefined
  return cannotTell(
    `VIP ${vip.name} is left to a pair without lb-agent, and no ${adverts} were heard on ${link}: it is gone, or sends them to its other node alone.`,
    `run lb-agent install on the node that holds ${vip.address}; if none does: lb-agent undrain --vip ${vip.name}, and this node takes part`,
  )
}

function sendersOf(adverts: readonly Advert[], { vip, nodes }: Expected): Sender[] {
  const isIpv6 = vip.address.includes(':')
  const senders = new Map<string, Sender>()
  for (const advert of adverts) {
    // IPv4 and IPv6 have virtual router ids of their own (RFC 5798 §1.4).
    if (advert.virtualRouterId !== vip.virtualRouterId || advert.source.includes(':') !== isIpv6) continue
    const node = nodes.find(
      ({ address, mac }) => address === advert.source || (mac !== undefined && mac === advert.mac),
    )
    const kind = node !== undefined ? 'node' : /^fe[89ab]/i.test(advert.source) ? 'unknown' : 'stranger'
    const key = `${advert.source} ${advert.version}`
    const count = (senders.get(key)?.count ?? 0) + 1
    senders.set(key, { ...advert, kind, name: node?.name ?? advert.source, count })
  }
  return [...senders.values()]
}

const LINE =
  /^(?:([0-9a-f:]{17}) > .*?: )?(?:IP6? )?(\S+) > \S+: VRRPv([23]), Advertisement,(?: \(ttl \d+\),)? vrid (\d+), prio (\d+)/

/** Lines of `tcpdump -e -t -nn` (4.99). Without -v it prints no password. */
export function advertsOf(text: string): Advert[] {
  return text.split('\n').flatMap((line) => {
    const [, mac, source, version, virtualRouterId, priority] = LINE.exec(line) ?? []
    if (source === undefined) return []
    return [
      {
        ...{ mac, source, version: version === '2' ? (2 as const) : (3 as const) },
        ...{ virtualRouterId: Number(virtualRouterId), priority: Number(priority) },
      },
    ]
  })
}
