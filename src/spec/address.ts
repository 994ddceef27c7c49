/** What an address is for; only `unicast` can be a VIP's or a node's. `mapped` is IPv4 written as IPv6 (`::ffff:10.0.0.1`). */
export type AddressKind = 'unicast' | 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'broadcast' | 'mapped'
export type IpAddress = { family: 4 | 6; text: string; kind: AddressKind }

/** Reads an IPv4 dotted quad or an IPv6 address without zone. `text` is canonical (RFC 5952), so equal addresses are equal texts. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const octets = parseIpv4(text)
  if (octets) return { family: 4, text: octets.join('.'), kind: kindOfIpv4(octets) }
  const groups = parseIpv6(text)
  if (groups) return { family: 6, text: formatIpv6(groups), kind: kindOfIpv6(groups) }
  return undefined
}

/** The family of an address that `parseIpAddress` accepted. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function endpoint(address: string, port: number): string {
  return familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

/** The first address of the network of `length` bits that `address` is in, such as 10.17.3.0. `address` is one that `parseIpAddress` accepts. */
export function networkOf(address: string, length: number): string {
  const octets = parseIpv4(address)
  if (octets) return masked(octets, 8, length).join('.')
  return formatIpv6(masked(parseIpv6(address) ?? [], 16, length))
}

/** Whether `one` is in the network of `length` bits around `address`. */
export function isInNetwork(one: string, address: string, length: number): boolean {
  return familyOf(one) === familyOf(address) && networkOf(one, length) === networkOf(address, length)
}

/**
 * What the network of `length` bits around `address` keeps an address for, so that no machine has it there: `the broadcast address of
 * 10.17.3.0/24`. Networks of one or two addresses keep none (RFC 3021; RFC 6164 §4). The lowest of IPv6 belongs to the routers (RFC 4291
 * §2.6.1), that of IPv4 is the broadcast address of old, as which all but Linux since 5.14 still take it.
 */
export function reservedFor(address: string, length: number): string | undefined {
  const isIpv4 = familyOf(address) === 4
  if (length > (isIpv4 ? 30 : 126)) return undefined
  const network = networkOf(address, length)
  if (address === network) return `the ${isIpv4 ? 'network' : 'subnet-router anycast'} address of ${network}/${length}`
  const octets = isIpv4 ? (parseIpv4(address) ?? []) : []
  const lowest = masked(octets, 8, length)
  const isHighest = octets.every((octet, index) => octet === ((lowest[index] ?? 0) | hostBits(8, length, index)))
  return isIpv4 && isHighest ? `the broadcast address of ${network}/${length}` : undefined
}

function masked(parts: readonly number[], bits: number, length: number): number[] {
  return parts.map((part, index) => part & ~hostBits(bits, length, index))
}

/** The bits of the part at `index` that the first `length` bits of an address leave to its machines. */
function hostBits(bits: number, length: number, index: number): number {
  return 2 ** (bits - Math.max(0, Math.min(bits, length - index * bits))) - 1
}

// A leading zero is refused: some programs read 010 as eight.
const OCTET = /^(?:0|[1-9]\d{0,2})$/
const GROUP = /^[0-9A-Fa-f]{1,4}$/

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => OCTET.test(part))) return undefined
  const octets = parts.map(Number)
  return octets.every((octet) => octet <= 255) ? octets : undefined
}

function parseIpv6(text: string): number[] | undefined {
  if (text.length > 45) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] ?? '', halves.length === 1)
  const tail = parseGroups(halves[1] ?? '', true)
  if (!head || !tail) return undefined
  if (halves.length === 1) return head.length === 8 ? head : undefined
  const zeros = 8 - head.length - tail.length
  return zeros >= 1 ? [...head, ...Array<number>(zeros).fill(0), ...tail] : undefined
}

/** The groups between colons; the last one of an address may be a dotted quad. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const quad = endsAddress && index === parts.length - 1 ? parseIpv4(part) : undefined
    if (quad) groups.push(...pairs(quad))
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function pairs([a = 0, b = 0, c = 0, d = 0]: number[]): [number, number] {
  return [a * 256 + b, c * 256 + d]
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`. */
function formatIpv6(groups: readonly number[]): string {
  const run = longestZeroRun(groups)
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return text(groups)
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}

function kindOfIpv4(octets: readonly number[]): AddressKind {
  const [first = 0] = octets
  if (first === 0) return 'unspecified'
  if (first === 127) return 'loopback'
  if (first >= 224 && first <= 239) return 'multicast'
  return octets.every((octet) => octet === 255) ? 'broadcast' : 'unicast'
}

function kindOfIpv6(groups: readonly number[]): AddressKind {
  const [first = 0] = groups
  if (groups.every((group) => group === 0)) return 'unspecified'
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return 'loopback'
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return 'mapped'
  if (first >= 0xff00) return 'multicast'
  return (first & 0xffc0) === 0xfe80 ? 'link-local' : 'unicast'
}
