import { reservedFor } from '../../spec/address.ts'
import { cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** A route of `ip -j route show table main to match ADDRESS`. `ofAddress`: the kernel's own, of an address with that prefix. */
export type Route = { dst: string; dev: string | undefined; gateway: string | undefined; ofAddress: boolean }

/**
 * Does the VIP lie in a subnet of the interface, so that its clients ask for it by ARP there? `routes`: all of the main table
 * that match it, the default route too.
 */
export function onLinkVerdict(
  vip: { name: string; address: string },
  node: { name: string; interface: string },
  routes: readonly Route[],
): Verdict {
  const what = `VIP ${vip.name} (${vip.address})`
  const link = node.interface
  const onLink = routes.filter(({ gateway, dev }) => gateway === undefined && dev !== undefined)
  for (const { dst, dev, ofAddress } of onLink) {
    const reserved = ofAddress && dev === link ? reservedFor(vip.address, lengthOf(dst)) : undefined
    if (reserved !== undefined)
      return problem(
        `${what} is ${reserved}, the subnet of ${link}: nobody there reaches a node by it.`,
        `vips.${vip.name}.address in lb.yaml: another address`,
      )
  }
  const longest = onLink.toSorted((a, b) => lengthOf(b.dst) - lengthOf(a.dst))
  const here = longest.find(({ dev }) => dev === link)
  if (here !== undefined) return ok(`${what} is in a subnet of ${link} (${here.dst}): clients there reach it by ARP.`)
  const elsewhere = longest[0]
  if (elsewhere !== undefined)
    return cannotTell(
      `${what} is in a subnet of ${elsewhere.dev} (${elsewhere.dst}), and lb.yaml says that ${node.name} carries it on ${link}: its ARP is sent there.`,
      `nodes.${node.name}.interface: ${elsewhere.dev} in lb.yaml, if its clients are on ${elsewhere.dev}`,
    )
  return cannotTell(
    `${what} is in no subnet of ${link}: whoever is not on this network reaches it only if the router looks for it there by ARP.`,
    `on the router: an address or an on-link route of the VIP's subnet on the interface towards ${link} (ip route add ${hostRoute(vip.address)} dev …); or a VIP in a subnet of ${link}`,
  )
}

/** `gateway`: of the way to another node that may hold the VIP as well. */
export function sameNetworkVerdict(
  vips: readonly string[],
  peer: { name: string; address: string },
  way: { gateway: string | undefined; device: string | undefined },
): Verdict {
  const names = vips.join(', ')
  if (way.device === undefined)
    return problem(`There is no route to ${peer.name} (${peer.address}).`, `ip route get ${peer.address}`)
  if (way.gateway === undefined)
    return ok(`${peer.name} is on the same network (${way.device}), without a router between.`)
  return problem(
    `${peer.name} is reached through the router ${way.gateway}. A VIP moves by ARP, which no router passes on: where ${peer.name} holds ${names}, clients of this network do not reach it.`,
    `give ${peer.name} and this node addresses in one subnet of one network, and name those in lb.yaml; or take one of them out of prefer`,
  )
}

/** The answer of `ip -o route get ADDRESS`. */
export function wayOf(text: string): { gateway: string | undefined; device: string | undefined } {
  return { gateway: / via (?:inet6? )?(\S+)/.exec(text)?.[1], device: / dev (\S+)/.exec(text)?.[1] }
}

function lengthOf(destination: string): number {
  if (destination === 'default') return 0
  return Number(destination.split('/')[1] ?? 128)
}

function hostRoute(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}
