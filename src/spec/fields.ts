import * as z from 'zod'
import { familyOf, parseIpAddress, reservedFor } from './address.ts'
import { DURATION, formatDuration, parseDurationMs } from './duration.ts'
import { either } from './shown.ts'

// Every field takes the words of its own problem: what is allowed there. Values end up in haproxy.cfg and keepalived.conf,
// so each text is a closed alphabet without blanks, quotes, `$`, `%`, `{` or `#`: no value can become a directive.

export function text(pattern: RegExp, allowed: string) {
  return z.string({ error: allowed }).regex(pattern, { error: allowed })
}

export function integer(what: string, min: number, max: number) {
  const error = `${what} is ${min}-${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

export function choice<const Values extends readonly [string, ...string[]]>(what: string, values: Values) {
  return z.enum(values, { error: `${what} is ${either(values)}` })
}

/** In the file `100ms`, `10s`, `5m`, `4h` or `1d`; parsed to milliseconds. */
export function duration(what: string, minMs: number, maxMs: number, stepMs = 1) {
  const steps = stepMs === 1 ? '' : ` in steps of ${formatDuration(stepMs)}`
  const error = `${what} is a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}${steps}, such as 100ms, 10s, 5m, 4h or 1d`
  // What ends there is not told again by the next one.
  const once = { error, abort: true }
  const milliseconds = z.number({ error }).min(minMs, once).max(maxMs, once).multipleOf(stepMs, { error })
  return text(DURATION, error).transform(parseDurationMs).pipe(milliseconds)
}

/** Used as a name in HAProxy and keepalived. A number alone is refused: JavaScript would move such a key to the front. */
export function name(what: string) {
  const allowed = `${what} is 1-63 letters, digits, "_", "." or "-", begins with a letter or digit, and is not a number alone`
  return text(/^(?!\d+$|constructor$|prototype$)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, allowed)
}

/** Lower case and short, because file names and instance names are made of it. */
/** A DNS name, as browsers and HTTP clients send it. */
export function hostName(what: string) {
  return text(
    /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/,
    `${what} is a host name, such as api.example.org`,
  )
}

export function vipName() {
  const allowed =
    'a VIP name is 1-32 lower-case letters, digits or "-", begins with a letter or digit, and is not a number alone'
  return text(/^(?!\d+$|constructor$|prototype$)[a-z0-9][a-z0-9-]{0,31}$/, allowed)
}

/** Linux: at most 15 bytes, no slash, no blank. */
export function interfaceName() {
  const allowed = 'an interface is the name of a network device: 1-15 letters, digits, "_", "." or "-", such as eth0'
  return text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/, allowed)
}

/** An address that a node or a VIP can have, in canonical form. */
export function unicastAddress(what: string) {
  const allowed = `${what} is an IPv4 or IPv6 address, such as 10.17.3.12 or fd00:17::12, and not loopback, link-local, multicast or 0.0.0.0`
  return text(/^[0-9A-Fa-f:.]{2,45}$/, allowed).transform((value, context) => {
    const address = parseIpAddress(value)
    if (address?.kind === 'unicast') return address.text
    context.addIssue({ code: 'custom', message: allowed })
    return z.NEVER
  })
}

/** An address behind the balancer; loopback is allowed, since a server can run on the node itself. */
export function serverAddress() {
  const allowed =
    'a server address is an IPv4 or IPv6 address, such as 10.17.4.21 or fd00:17::21, and not link-local, multicast or 0.0.0.0'
  const error: z.core.$ZodErrorMap = ({ input }) => `${allowed}${withPort(input)}`
  return z
    .string({ error: allowed })
    .regex(/^[0-9A-Fa-f:.]{2,45}$/, { error, abort: true })
    .transform((value, context) => {
      const address = parseIpAddress(value)
      if (address?.kind === 'unicast' || address?.kind === 'loopback') return address.text
      context.addIssue({ code: 'custom', message: `${allowed}${withPort(value)}` })
      return z.NEVER
    })
}

/** How to write `10.17.4.21:6443` or `[fd00::21]:6443`, or nothing. */
function withPort(value: unknown): string {
  const [, ipv6, ipv4, port] = (typeof value === 'string' && /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value)) || []
  const address = parseIpAddress(ipv6 ?? ipv4 ?? '')
  if (address === undefined) return ''
  const written = address.family === 6 ? `"${address.text}"` : address.text
  return `; write { address: ${written}, port: ${port} }`
}

/** `10.17.5.10` or `10.17.5.10/24`; without a prefix the address stands alone (/32, /128). */
export function prefixedAddress(what: string) {
  const allowed = `${what} is an IPv4 or IPv6 address, such as 10.17.5.10, 10.17.5.10/24 or fd00:17::10, and not loopback, link-local, multicast or 0.0.0.0`
  return text(/^[0-9A-Fa-f:.]{2,45}(?:\/[1-9][0-9]{0,2})?$/, allowed).transform((value, context) => {
    const [before = '', prefix] = value.split('/')
    const address = parseIpAddress(before)
    const longest = familyOf(before) === 4 ? 32 : 128
    const prefixLength = prefix === undefined ? longest : Number(prefix)
    if (address?.kind === 'unicast' && prefixLength <= longest) return { address: address.text, prefixLength }
    context.addIssue({ code: 'custom', message: allowed })
    return z.NEVER
  })
}

/** The same, and one that a machine can have in the network that its prefix gives. */
export function virtualAddress(what: string) {
  return prefixedAddress(what).transform((value, context) => {
    const reserved = reservedFor(value.address, value.prefixLength)
    if (reserved === undefined) return value
    const why = `that is ${reserved}, which reaches no node; take another address, or the prefix length of its network`
    context.addIssue({ code: 'custom', message: why })
    return z.NEVER
  })
}

/** A mapping with fixed keys. For an unknown key the issue's text is the list of the known ones (see findings-of-issue.ts). */
export function section<Shape extends z.ZodRawShape>(what: string, shape: Shape) {
  const keys = Object.keys(shape).join(', ')
  const error: z.core.$ZodErrorMap = (issue) =>
    issue.code === 'unrecognized_keys' ? keys : `${what} is a mapping with the keys ${keys}`
  return z.strictObject(shape, { error })
}

/** A mapping with the user's own names as keys. */
export function named<Key extends z.ZodType<string, string>, Value extends z.ZodType>(
  what: string,
  key: Key,
  value: Value,
) {
  return z.record(key, value, { error: `${what} is a mapping of names` })
}

/** The same with at least one name. */
export function someNamed<Key extends z.ZodType<string, string>, Value extends z.ZodType>(
  what: string,
  key: Key,
  value: Value,
) {
  const error = `${what} is a mapping of at least one name`
  const isFilled = (entries: object) => Object.keys(entries).length > 0
  return z.record(key, value, { error }).refine(isFilled, { error }).meta({ minProperties: 1 })
}
