import type { VrrpState } from './event.ts'

/**
 * What keepalived's own log (2.2.7, `--log-detail`) says of the change of one VIP into a state. `address`: of the node
 * whose adverts decided.
 */
export type Said =
  | { kind: 'holder gave up' }
  | { kind: 'silence' }
  | { kind: 'lower advert'; address: string; priority: number }
  | { kind: 'higher advert'; address: string; priority: number; ours: number }
  | { kind: 'gate file' }
  | { kind: 'interface'; name: string; up: boolean }
  | { kind: 'script'; name: string; how: string }
  | { kind: 'stopping' }

export type KeepalivedSaid = {
  said: Said | undefined
  /** The VIP's instance began anew just before: keepalived has started, or it has left FAULT. */
  fresh: boolean
}

/** Older lines belong to an earlier change: three nodes can pass a VIP on while this one only listens. */
const WITHIN_MS = 2_500
const LINE = /^(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}): (.*)$/

/** Reads the newest change of `vip` to `to` out of `lines`; nothing is guessed when it is not there. */
export function whatKeepalivedSaid(lines: readonly string[], vip: string, to: VrrpState): KeepalivedSaid {
  const read = lines.flatMap((line) => {
    const match = LINE.exec(line)
    return match === null ? [] : [{ atMs: Date.parse(match[1] ?? ''), text: match[2] ?? '' }]
  })
  const isChange = ({ text }: { text: string }) =>
    new RegExp(`^\\(${escaped(vip)}\\) Entering \\w+ STATE`, 'i').test(text)
  const end =
    to === 'UNKNOWN' ? read.length - 1 : read.findLastIndex((line) => isChange(line) && line.text.includes(` ${to} `))
  const last = read[end]
  if (last === undefined) return { said: undefined, fresh: false }
  const recent = read.slice(0, end + 1).filter(({ atMs }) => Math.abs(last.atMs - atMs) <= WITHIN_MS)
  const previous = recent.slice(0, -1).findLastIndex(isChange)
  // A MASTER that has just lost to a better one has not begun anew.
  const lost = recent.some(({ text }) => text.startsWith(`(${vip}) Master received advert`))
  const began = recent[previous]?.text.includes(' BACKUP ') === true && !lost
  const own = recent
    .slice(previous + 1)
    .map(({ text }) => text)
    .filter((text) => !text.startsWith('(') || text.startsWith(`(${vip})`))
  return {
    said: own.toReversed().flatMap((text) => readLine(text, vip, to) ?? [])[0] ?? silence(own, to),
    fresh: began || (to !== 'MASTER' && last.text.includes('(init)')),
  }
}

function silence(lines: readonly string[], to: VrrpState): Said | undefined {
  return to === 'MASTER' && lines.some((text) => text.includes('Receive advertisement timeout'))
    ? { kind: 'silence' }
    : undefined
}

function readLine(text: string, vip: string, to: VrrpState): Said | undefined {
  const said = text.startsWith(`(${vip})`) ? text.slice(vip.length + 2).replace(/^:? /, '') : text
  if (to === 'MASTER') {
    if (said.startsWith('Backup received priority 0 advertisement')) return { kind: 'holder gave up' }
    const lower = /^received lower priority \((\d+)\) advert from (\S+)/.exec(said)
    return lower === null ? undefined : { kind: 'lower advert', priority: Number(lower[1]), address: lower[2] ?? '' }
  }
  const higher = /^Master received advert from (\S+) with higher priority (\d+), ours (\d+)/.exec(said)
  if (to === 'BACKUP' && higher !== null) {
    return { kind: 'higher advert', address: higher[1] ?? '', priority: Number(higher[2]), ours: Number(higher[3]) }
  }
  if (/^tracked file gate (now|leaving) FAULT state/.test(said)) return { kind: 'gate file' }
  const network = /^Netlink reports (\S+) (up|down)/.exec(said) ?? /\(interface (\S+) (up|down)\)/.exec(said)
  if (network !== null) return { kind: 'interface', name: network[1] ?? '', up: network[2] === 'up' }
  const script = /^VRRP_Script\((\S+)\) (.*)$/.exec(said)
  if (script !== null) return { kind: 'script', name: script[1] ?? '', how: script[2] ?? '' }
  return to === 'UNKNOWN' && said === 'Stopping' ? { kind: 'stopping' } : undefined
}

function escaped(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, '\\$&')
}
