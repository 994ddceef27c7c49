import { countsBy, type DumpedInstance, type DumpedScript, type InstanceCounts, VRRP_STATES } from './dumped.ts'

/**
 * keepalived.data and keepalived.stats: what a keepalived without JSON tells. Both are made for people: keepalived promises
 * nothing of their form (issue 1928), and it differs between versions, so what is not understood is left out, and an instance
 * that lacks what identifies it makes the dump unusable.
 */

/** Counters by instance; undefined while the file is not whole. */
export function parseStats(text: string): ReadonlyMap<string, InstanceCounts> | undefined {
  if (!text.endsWith('\n')) return undefined
  const found = new Map<string, InstanceCounts>()
  for (const [name, lines] of sections(text, /^VRRP Instance: (.*)$/)) {
    const values = new Map<string, number>()
    let group = ''
    for (const line of lines) {
      const [, indent = '', key = '', value = ''] = /^( *)([^:]+): *(\d*)$/.exec(line) ?? []
      if (value === '') group = key
      else values.set(indent.length > 2 ? `${group}/${key}` : key, Number(value))
    }
    // The last line of each.
    if (!values.has('Priority Zero/Sent')) return undefined
    found.set(
      name,
      countsBy('text', (key) => values.get(key)),
    )
  }
  return found.size === 0 ? undefined : found
}

/** Instances of a whole keepalived.data, with the counters that belong to it; undefined when they do not fit together. */
export function parseData(text: string, counts: ReadonlyMap<string, InstanceCounts>): DumpedInstance[] | undefined {
  const instances = [...sections(text, /^ VRRP Instance = (.*)$/)].map(([name, lines]) =>
    toInstance(name, lines, counts.get(name)),
  )
  const whole = instances.flatMap((instance) => (instance === undefined ? [] : [instance]))
  return whole.length === instances.length && whole.length === counts.size ? whole : undefined
}

/** The scripts of a whole keepalived.data. */
export function parseScripts(text: string): DumpedScript[] {
  return [...sections(text, /^ VRRP Script = (.*)$/)].map(([name, lines]) => ({
    name,
    status: entry(lines, 'Status') ?? '',
    state: entry(lines, 'State') ?? '',
  }))
}

function toInstance(
  name: string,
  lines: readonly string[],
  counts: InstanceCounts | undefined,
): DumpedInstance | undefined {
  const number = (key: string): number | undefined => {
    const value = Number(entry(lines, key) ?? Number.NaN)
    return Number.isSafeInteger(value) ? value : undefined
  }
  const virtualRouterId = number('Virtual Router ID')
  const basePriority = number('Priority')
  const effectivePriority = number('Effective priority')
  const state = VRRP_STATES.find((each) => each === entry(lines, 'State'))
  if (virtualRouterId === undefined || basePriority === undefined || effectivePriority === undefined) return undefined
  if (state === undefined || counts === undefined) return undefined
  return {
    ...{ name, virtualRouterId, state, basePriority, effectivePriority, counts },
    interface: entry(lines, 'Interface') ?? '',
    // 2.0: `Virtual IP = 1`, 2.2.4: `Virtual IP :`, 2.2.7: `Virtual IP (1):`.
    addresses: listOf(lines, /^ {3}Virtual IP( =| :| \()/),
    excludedAddresses: listOf(lines, /^ {3}Virtual IP Excluded\b/),
    gratuitousArpDelaySec: number('Gratuitous ARP delay'),
  }
}

/** What follows each heading until the next line that is indented no more than the heading is. */
function* sections(text: string, heading: RegExp): Generator<[name: string, lines: readonly string[]]> {
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    const name = heading.exec(line)?.[1]
    if (name === undefined) continue
    const depth = indentOf(line)
    const rest = lines.slice(index + 1)
    const end = rest.findIndex((each) => indentOf(each) <= depth)
    yield [name, rest.slice(0, end === -1 ? undefined : end)]
  }
}

function entry(lines: readonly string[], key: string): string | undefined {
  const start = `   ${key} = `
  return lines.find((line) => line.startsWith(start))?.slice(start.length)
}

function listOf(lines: readonly string[], heading: RegExp): string[] {
  const index = lines.findIndex((line) => heading.test(line))
  if (index === -1) return []
  const rest = lines.slice(index + 1)
  const end = rest.findIndex((line) => indentOf(line) <= 3)
  return rest.slice(0, end === -1 ? undefined : end).map((line) => line.trim())
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
