import { endpoint } from '../../spec/address.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** A listening socket as `ss` tells; `process` is undefined where it is not ours to know. */
export type Listener = { address: string; port: number; process: string | undefined }

/** What HAProxy needs: `what` names it for people. */
export type Wanted = { what: string; address: string; port: number }

export function portVerdict({ what, address, port }: Wanted, listeners: readonly Listener[], haproxy: string): Verdict {
  const there = listeners.filter((listener) => listener.port === port && collides(listener.address, address))
  const at = endpoint(address, port)
  const other = there.find(({ process }) => process !== undefined && process !== haproxy)
  if (other !== undefined)
    return problem(
      `${other.process} listens on ${endpoint(other.address, port)}; HAProxy needs ${at} for ${what}.`,
      isWildcard(other.address)
        ? `let ${other.process} listen on the node's own address only (K3s: --bind-address), or give the service another port in lb.yaml`
        : `stop ${other.process}, or give the service another port in lb.yaml`,
    )
  if (there.some(({ process }) => process === undefined))
    return cannotTell(`Somebody listens on ${at}, for ${what}; whether it is HAProxy is not ours to know.`, AS_ROOT)
  return ok(there.length > 0 ? `HAProxy listens on ${at}, for ${what}.` : `${at}, for ${what}, is free.`)
}

/** Lines of `ss --no-header --listening --tcp --numeric --processes`. */
export function listenersOf(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const local = line.trim().split(/\s+/)[3]
    const [, host, port] = /^(.*):(\d+)$/.exec(local ?? '') ?? []
    if (host === undefined) return []
    const address = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
    return [{ address, port: Number(port), process: /users:\(\("([^"]*)"/.exec(line)?.[1] }]
  })
}

/** `*` listens for both families, `::` of ss for IPv6 alone. */
function collides(listening: string, wanted: string): boolean {
  if (listening === wanted || listening === '*') return true
  return listening === (wanted.includes(':') ? '::' : '0.0.0.0')
}

function isWildcard(address: string): boolean {
  return ['*', '::', '0.0.0.0'].includes(address)
}
