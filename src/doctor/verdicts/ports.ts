import { endpoint } from '../../spec/address.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** A listening socket as `ss` tells; `process` and `pid` are undefined where it is not ours to know. */
export type Listener = { address: string; port: number; process: string | undefined; pid: number | undefined }

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
    const [, process, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(line) ?? []
    return [{ address, port: Number(port), process, pid: pid === undefined ? undefined : Number(pid) }]
  })
}

/** What runs other programs, and has many of them on a host. */
const RUNS_OTHERS = /^(?:node|nodejs|deno|bun|python[\d.]*|ruby[\d.]*|perl[\d.]*|java|php[\d.]*|(?:ba|da)?sh)$/

/**
 * What people call a process. `said`: the kernel's name of its first thread, which the program may have changed (Node: MainThread);
 * `exe`, `argv`: what /proc tells of it.
 */
export function programName(said: string, exe: string | undefined, argv: readonly string[]): string {
  const file = exe === undefined ? '' : nameOf(exe.replace(/ \(deleted\)$/, ''))
  if (file === '') return said
  const script = RUNS_OTHERS.test(file) ? scriptOf(argv) : undefined
  if (script !== undefined) return `${file} ${nameOf(script)}`
  // The kernel's name has 15 characters (proc_pid_comm(5)); a program of many names (busybox) is known by it alone.
  return said === 'MainThread' || file.startsWith(said) ? file : said
}

/** Of the words behind options only one that is surely a file: others may be a program's text (node -e …), or a secret. */
function scriptOf([, first, ...words]: readonly string[]): string | undefined {
  if (first === undefined || !first.startsWith('-')) return first
  return words.find((word) => /^[^\s=-][^\s=]*\.(?:[cm]?[jt]s|jar|py|rb|pl|php|sh)$/.test(word))
}

function nameOf(path: string): string {
  return path.split('/').at(-1) ?? path
}

/** `*` listens for both families, `::` of ss for IPv6 alone. */
function collides(listening: string, wanted: string): boolean {
  if (listening === wanted || listening === '*') return true
  return listening === (wanted.includes(':') ? '::' : '0.0.0.0')
}

function isWildcard(address: string): boolean {
  return ['*', '::', '0.0.0.0'].includes(address)
}
