import { hostsOf, type Inventory } from './inventory.ts'

/** Hosts of a play: groups and hosts with `:` or `,` between them, `!` takes away, `&` keeps those in both, `*` stands for any text. */
export function hostsOfPattern(inventory: Inventory, pattern: string): string[] {
  const terms = pattern.split(/[,:](?![^[]*\])/).map((term) => term.trim())
  const all = [...inventory.hosts.keys()]
  const added = new Set(terms.filter((term) => !/^[!&]/.test(term)).flatMap((term) => hostsOfTerm(inventory, term)))
  const removed = new Set(
    terms.filter((term) => term.startsWith('!')).flatMap((term) => hostsOfTerm(inventory, term.slice(1))),
  )
  const kept = terms.filter((term) => term.startsWith('&')).map((term) => hostsOfTerm(inventory, term.slice(1)))
  return all.filter((host) => added.has(host) && !removed.has(host) && kept.every((hosts) => hosts.includes(host)))
}

function hostsOfTerm(inventory: Inventory, term: string): string[] {
  const [, name = term, first, colon, last] = /^(.*)\[(\d+)(:?)(\d*)\]$/.exec(term) ?? []
  const hosts = inventory.groups.has(name)
    ? hostsOf(inventory, name)
    : [...inventory.hosts.keys()].filter((host) => matches(host, name))
  if (first === undefined) return hosts
  const end = colon === '' ? Number(first) + 1 : last === '' || last === undefined ? undefined : Number(last) + 1
  return hosts.slice(Number(first), end)
}

function matches(host: string, pattern: string): boolean {
  if (pattern === 'all' || pattern === '*') return true
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return parts.length > 5 ? false : new RegExp(`^${parts.join('.*')}$`).test(host)
}
