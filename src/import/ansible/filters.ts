import { familyOf, parseIpAddress } from '../../spec/address.ts'

/** What stands in a text for a value that only a running host, a vault or a lookup knows. No address or name has such a form. */
export function unknownValue(what: string): string {
  return `?${what.replaceAll(/[?\s]+/g, ' ').trim()}?`
}

export function isUnknown(text: string): boolean {
  return /\?[^?]*\?/.test(text)
}

type Filter = (...values: unknown[]) => unknown

/** Filters and tests of Ansible that minijinja lacks. What they are given comes from templates, so they are wrapped (see safely). */
export const FILTERS: Readonly<Record<string, Filter>> = {
  _index: (list, item) => (Array.isArray(list) ? list.indexOf(item) : undefined),
  _get: (map, key, otherwise) => entry(map, key) ?? otherwise,
  bool: (value) => value === true || value === 1 || /^(?:yes|on|1|true)$/i.test(String(value)),
  ternary: (value, yes, no) => (truthy(value) ? yes : no),
  extract: (key, from, path) =>
    [path].flat().reduce((found, step) => (step === undefined ? found : entry(found, step)), entry(from, key)),
  difference: (a, b) => list(a).filter((item) => !list(b).includes(item)),
  intersect: (a, b) => list(a).filter((item) => list(b).includes(item)),
  union: (a, b) => [...new Set([...list(a), ...list(b)])],
  combine: (...maps) => Object.assign({}, ...maps),
  flatten: (value) => list(value).flat(10),
  zip: (a, b) => list(a).map((item, index) => [item, list(b)[index]]),
  dict2items: (map) => Object.entries(Object(map)).map(([key, value]) => ({ key, value })),
  items2dict: (items) =>
    Object.fromEntries(list(items).map((item) => [String(entry(item, 'key')), entry(item, 'value')])),
  ipaddr: (value, query) => ipaddr(value, query),
  ipv4: (value, query) => ipaddr(value, query, 4),
  ipv6: (value, query) => ipaddr(value, query, 6),
  ipwrap: (value) => (String(value).includes(':') ? `[${value}]` : value),
  regex_replace: (value, pattern, by = '') =>
    String(value).replace(new RegExp(python(pattern), 'g'), python(by).replaceAll(/\\(\d)/g, '$$$1')),
  regex_search: (value, pattern) => new RegExp(python(pattern)).exec(String(value))?.[0],
  basename: (value) => String(value).split('/').at(-1),
  dirname: (value) => String(value).split('/').slice(0, -1).join('/'),
  to_json: (value) => JSON.stringify(value),
  from_json: (value) => JSON.parse(String(value)),
  quote: (value) => (/^[\w@%+=:,./-]+$/.test(String(value)) ? value : `'${value}'`),
  comment: (value) => `#\n${String(value).replaceAll(/^/gm, '# ')}\n#`,
  mandatory: (value) => value,
  type_debug: (value) => typeof value,
  realpath: (value) => value,
  expanduser: (value) => value,
}

export const TESTS: Readonly<Record<string, (...values: unknown[]) => boolean>> = {
  match: (value, pattern) => new RegExp(`^(?:${python(pattern)})`).test(String(value)),
  search: (value, pattern) => new RegExp(python(pattern)).test(String(value)),
  regex: (value, pattern) => new RegExp(python(pattern)).test(String(value)),
  subset: (a, b) => list(a).every((item) => list(b).includes(item)),
  superset: (a, b) => list(b).every((item) => list(a).includes(item)),
  contains: (a, b) => list(a).includes(b),
  failed: () => false,
  succeeded: () => true,
  success: () => true,
  changed: () => true,
  skipped: () => false,
}

/** Values from minijinja as plain ones: it gives maps as Map, and takes objects. */
export function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]))
  return Array.isArray(value) ? value.map(plain) : value
}

/** A filter that never throws: an exception would end minijinja's whole module. */
export function safely(filter: Filter): Filter {
  return (...values) => {
    try {
      return filter(...values.map(plain))
    } catch {
      return undefined
    }
  }
}

function truthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return Boolean(value)
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value]
}

function entry(from: unknown, key: unknown): unknown {
  return typeof from === 'object' && from !== null && Object.hasOwn(from, String(key))
    ? Reflect.get(from, String(key))
    : undefined
}

/** Python writes a named group as (?P<name>…). A long pattern could take for ever, and no template needs one. */
function python(pattern: unknown): string {
  const text = String(pattern)
  return text.length > 200 ? '(?!)' : text.replaceAll('(?P<', '(?<')
}

/** `10.0.0.1/24 | ipaddr('address')`, as far as the parts of what is written go. */
function ipaddr(value: unknown, query: unknown, family?: 4 | 6): unknown {
  if (Array.isArray(value)) return value.filter((one) => ipaddr(one, undefined, family) !== false)
  const [address = '', prefix] = String(value).split('/')
  const parsed = parseIpAddress(address)
  if (!parsed || (family !== undefined && parsed.family !== family)) return false
  if (query === undefined || query === '') return value
  if (query === 'address' || query === 'ip') return address
  if (query === 'prefix') return Number(prefix ?? (familyOf(address) === 4 ? 32 : 128))
  return undefined
}
