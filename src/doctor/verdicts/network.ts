import { howToInstall, type PackageManager } from '../../how-to-install.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** `on`: the interface that has the node's address now. Interfaces that are down have none. */
export function addressVerdict(
  node: { name: string; address: string; interface: string },
  on: string | undefined,
): Verdict {
  const { name, address, interface: link } = node
  if (on === link) return ok(`${address} is on ${link}.`)
  if (on !== undefined)
    return problem(
      `${address} is on ${on}; lb.yaml says that ${name} has it on ${link}.`,
      `nodes.${name}.interface: ${on} in lb.yaml, if ${on} is where the VIPs belong`,
    )
  return problem(
    `${address}, the address of ${name} in lb.yaml, is on no interface of this machine that is up.`,
    `ip address show ${link}; if this machine is another node: node in agent.yaml`,
  )
}

/** `answeredBy`: the link-layer address that the kernel's neighbour table has for the VIP. `nodes`: those of all nodes. */
export type Neighbours = {
  heldHere: boolean
  answeredBy: string | undefined
  nodes: readonly { name: string; mac: string | undefined }[]
}

export function strangerVerdict(vip: { name: string; address: string }, seen: Neighbours): Verdict {
  const { heldHere, answeredBy, nodes } = seen
  const what = `VIP ${vip.name} (${vip.address})`
  if (heldHere)
    return cannotTell(
      `This node holds ${what} itself; only another one can see who else answers for it.`,
      'lb-agent doctor on another node',
    )
  if (answeredBy === undefined)
    return cannotTell(
      `Nobody answers for ${what} on this network: no node holds it, or it is behind a router.`,
      'lb-agent status --cluster',
    )
  const owner = nodes.find(({ mac }) => mac === answeredBy)
  if (owner !== undefined) return ok(`${what} is answered by ${owner.name} (${answeredBy}).`)
  const unseen = nodes.filter(({ mac }) => mac === undefined).map(({ name }) => name)
  if (unseen.length > 0)
    return cannotTell(
      `${what} is answered by ${answeredBy}; that may be ${unseen.join(' or ')}, not seen on this network.`,
    )
  return problem(
    `${what} is answered by ${answeredBy}, which is no node of lb.yaml: clients reach somebody else.`,
    `find that machine (the switch knows its port) and take ${vip.address} off it: ip address del ${vip.address} dev …; or give the VIP another address in lb.yaml`,
  )
}

/** How a peer answered two echo requests: a small one, and one as long as our MTU that must not be cut. */
export type Echo = { small: boolean; whole: boolean } | 'no ping'

export function mtuVerdict(
  peer: string,
  link: { interface: string; mtu: number },
  echo: Echo,
  manager: PackageManager,
): Verdict {
  const { interface: name, mtu } = link
  if (echo === 'no ping') return cannotTell('ping is not installed.', howToInstall('ping', manager))
  if (!echo.small) return cannotTell(`${peer} does not answer a ping.`, 'let ICMP echo through between the nodes')
  if (echo.whole) return ok(`Packets of ${mtu} bytes, the MTU of ${name}, reach ${peer} and come back.`)
  return problem(
    `${peer} answers short packets, but none of ${mtu} bytes, the MTU of ${name}: connections hang once they carry data.`,
    `the same MTU on both nodes and on what is between: ip link show ${name} on each, ip link set dev ${name} mtu …`,
  )
}

/**
 * What systemd-networkd does with the interface. `file`: the .network file that it follows; `keeps`: its last KeepConfiguration=;
 * `rootType`: the type of the file system at `/`.
 */
export type Networkd =
  | { kind: 'absent' }
  | { kind: 'unmanaged' }
  | { kind: 'manages'; file: string; keeps: string | undefined; rootType: string }
  | { kind: 'unreadable'; reason: string }

const KEEPS = /^(?:static|yes|y|true|t|on|1)$/i
/** `dynamic` is what systemd 258 calls them. */
const KEEPS_LEASE = /^(?:dhcp|dynamic)(?:-on-stop)?$/
const NETWORK_ROOT = /^(?:nfs4?|cifs|smb3|smbfs|glusterfs|ocfs2|gfs2|lustre)$/

// keepalived#836, #1385: at a restart or reconfiguration networkd removes addresses that are not its own.
export function networkdVerdict(link: string, found: Networkd): Verdict {
  switch (found.kind) {
    case 'absent':
      return ok('systemd-networkd does not run.')
    case 'unmanaged':
      return ok(`systemd-networkd leaves ${link} alone.`)
    case 'unreadable':
      return cannotTell(`How systemd-networkd treats ${link} cannot be read: ${found.reason}.`, AS_ROOT)
    case 'manages': {
      const { file, keeps, rootType } = found
      if (keeps !== undefined && KEEPS.test(keeps))
        return ok(`systemd-networkd manages ${link} and keeps what others add (KeepConfiguration=${keeps}).`)
      // systemd.network(5): unset, it is `yes` on a root of the network.
      if (!keeps && NETWORK_ROOT.test(rootType))
        return ok(
          `systemd-networkd manages ${link} and keeps what others add, because / is of the network (${rootType}).`,
        )
      // `static` in the place of `dhcp` would let networkd drop its lease when it stops.
      const value = keeps !== undefined && KEEPS_LEASE.test(keeps) ? 'yes' : 'static'
      const dropIn = `/etc/systemd/network/${file.split('/').at(-1)}.d`
      const now = value === 'yes' ? ` (it is ${keeps}, for the lease of DHCP alone)` : ''
      return problem(
        `systemd-networkd manages ${link} by ${file} without KeepConfiguration=${value}${now}: its next restart or reload takes the VIPs away.`,
        `mkdir -p ${dropIn} && printf '[Network]\\nKeepConfiguration=${value}\\n' > ${dropIn}/60-lb-agent.conf; drain this node, then: networkctl reload`,
        // Only the file: a reload takes the whole interface down for a moment (systemd#42696); the next one reads it.
        [{ kind: 'write', path: `${dropIn}/60-lb-agent.conf`, lines: ['[Network]', `KeepConfiguration=${value}`] }],
      )
    }
    default:
      return found satisfies never
  }
}

/** `state`: of the device, as nmcli tells; undefined where there is no NetworkManager. */
export function networkManagerVerdict(link: string, state: string | undefined): Verdict {
  if (state === undefined) return ok('NetworkManager does not run.')
  if (state === 'unmanaged' || state.startsWith('connected (externally)'))
    return ok(`NetworkManager leaves ${link} alone.`)
  // keepalived#2564: bringing the connection up again takes foreign addresses away.
  return cannotTell(
    `NetworkManager manages ${link}: a VIP is lost for a moment when its connection is brought up again (nmcli connection up).`,
    `lb-agent drain before you do that; or nmcli device set ${link} managed no`,
  )
}
