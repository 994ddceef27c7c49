import type { Problem } from '../../spec/problem.ts'

/** Hosts in the order of the inventory, each with what is written at it; groups with their own hosts, children and variables. */
export type Inventory = {
  hosts: Map<string, Record<string, unknown>>
  groups: Map<string, Group>
  problems: Problem[]
}

export type Group = { hosts: string[]; children: string[]; variables: Record<string, unknown> }

export function emptyInventory(): Inventory {
  return { hosts: new Map(), groups: new Map([['all', newGroup()]]), problems: [] }
}

export function newGroup(): Group {
  return { hosts: [], children: [], variables: {} }
}

export function groupOf(inventory: Inventory, name: string): Group {
  const group = inventory.groups.get(name) ?? newGroup()
  inventory.groups.set(name, group)
  return group
}

/** Puts a host, or each host of a range, into a group. */
export function addHost(
  inventory: Inventory,
  group: string,
  pattern: string,
  variables: Record<string, unknown>,
): void {
  for (const host of hostsOfRange(pattern)) {
    inventory.hosts.set(host, { ...inventory.hosts.get(host), ...variables })
    const { hosts } = groupOf(inventory, group)
    if (!hosts.includes(host)) hosts.push(host)
  }
}

/** All hosts of a group, its own and those of its children, in the order of the inventory. */
export function hostsOf(inventory: Inventory, group: string): string[] {
  if (group === 'all') return [...inventory.hosts.keys()]
  const members = new Set(
    [group, ...descendants(inventory, group)].flatMap((name) => inventory.groups.get(name)?.hosts ?? []),
  )
  if (group === 'ungrouped') {
    const grouped = new Set(
      [...inventory.groups].flatMap(([name, { hosts }]) => (name === 'all' || name === group ? [] : hosts)),
    )
    return [...inventory.hosts.keys()].filter((host) => !grouped.has(host))
  }
  return [...inventory.hosts.keys()].filter((host) => members.has(host))
}

/** Groups of a host, the farthest first: `all`, then parents before their children, and by name. */
export function groupsOf(inventory: Inventory, host: string): string[] {
  const names = [...inventory.groups.keys()].filter((name) => name !== 'all' && hostsOf(inventory, name).includes(host))
  const depth = (name: string): number =>
    names.filter((other) => other !== name && descendants(inventory, other).includes(name)).length
  return ['all', ...names.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))]
}

function descendants(inventory: Inventory, group: string): string[] {
  const found: string[] = []
  const open = [...(inventory.groups.get(group)?.children ?? [])]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === group || found.includes(name)) continue
    found.push(name)
    open.push(...(inventory.groups.get(name)?.children ?? []))
  }
  return found
}

const MOST_OF_RANGE = 1000

/** `lb[1:3]`, `lb[01:10:2]`, `lb-[a:c]`; any other text is one host. */
function hostsOfRange(pattern: string): string[] {
  const [, before, first, last, step = '1', after] = /^(.*?)\[(\w+):(\w+)(?::(\d+))?\](.*)$/.exec(pattern) ?? []
  if (before === undefined || first === undefined || last === undefined || after === undefined) return [pattern]
  const isNumber = /^\d+$/.test(first)
  const start = isNumber ? Number(first) : first.charCodeAt(0)
  const end = isNumber ? Number(last) : last.charCodeAt(0)
  const names: string[] = []
  for (let value = start; value <= end && names.length < MOST_OF_RANGE; value += Number(step) || 1) {
    const middle = isNumber
      ? String(value).padStart(first.startsWith('0') ? first.length : 0, '0')
      : String.fromCharCode(value)
    names.push(...hostsOfRange(`${before}${middle}${after}`))
  }
  return names
}
