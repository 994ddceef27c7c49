import { type Line, type ReadOptions, readLines } from './keepalived-lines.ts'

/** One statement of keepalived's file, with the block behind it. */
export type Statement = { words: readonly string[]; at: string; children: readonly Statement[] }

/** `address`: with prefix length, as written or /32, /128. The rest where it is written, because all of it is compared. */
export type VrrpAddress = {
  address: string
  dev: string | undefined
  label: string | undefined
  scope: string | undefined
}

/** A VRRP instance as its file says. `unicast`: it has peers. `ownMac`: it has an interface of its own (use_vmac, use_ipvlan). */
export type VrrpInstance = {
  name: string
  at: string
  interface: string | undefined
  virtualRouterId: number | undefined
  unicast: boolean
  source: string | undefined
  ownMac: boolean
  addresses: readonly VrrpAddress[]
  excluded: readonly VrrpAddress[]
}

/** `unread`: lines in which there may be more. */
export type KeepalivedFile = { instances: readonly VrrpInstance[]; unread: readonly Line[] }

/** Reads what of a keepalived.conf says which addresses it moves, and how. Words that it does not know it passes over. */
export function readKeepalivedFile(name: string, text: string, options: ReadOptions): KeepalivedFile {
  const { lines, unread } = readLines(name, text, options)
  const instances = parseStatements(lines).filter(({ words }) => words[0] === 'vrrp_instance')
  return { instances: instances.map(instanceOf), unread }
}

/**
 * Statements and blocks (keepalived.conf(5)): one statement a line, `{` at its end or on the next line, quoted words. A block that
 * nobody closes ends with the file.
 */
export function parseStatements(lines: readonly Line[]): Statement[] {
  type Open = { words: string[]; at: string; children: Open[] }
  const root: Open = { words: [], at: '', children: [] }
  const stack: Open[] = [root]
  const top = (): Open => stack.at(-1) ?? root
  for (const { text, at } of lines) {
    let current: Open | undefined
    for (const word of wordsOf(text)) {
      if (word === '{') {
        const block = current ?? top().children.at(-1)
        if (block !== undefined) stack.push(block)
        current = undefined
      } else if (word === '}') {
        if (stack.length > 1) stack.pop()
        current = undefined
      } else if (current === undefined) {
        current = { words: [word], at, children: [] }
        top().children.push(current)
      } else current.words.push(word)
    }
  }
  return root.children
}

/** Braces stand alone, also where they touch a word. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|[{}]|[^\s{}"]+/g)].map(([found, quoted]) => quoted ?? found)
}

function instanceOf({ words, at, children }: Statement): VrrpInstance {
  const all = (keyword: string): readonly Statement[] => children.filter(({ words: [first] }) => first === keyword)
  // A later line takes the place of an earlier one.
  const lastOf = (keyword: string): string | undefined => all(keyword).at(-1)?.words[1]
  const block = (keyword: string): readonly Statement[] => all(keyword).flatMap((found) => found.children)
  const id = lastOf('virtual_router_id')
  return {
    name: words[1] ?? '',
    at,
    interface: lastOf('interface'),
    virtualRouterId: id === undefined ? undefined : Number(id),
    unicast: block('unicast_peer').length > 0,
    source: lastOf('unicast_src_ip') ?? lastOf('mcast_src_ip'),
    ownMac: all('use_vmac').length > 0 || all('use_ipvlan').length > 0,
    addresses: block('virtual_ipaddress').flatMap(addressOf),
    excluded: block('virtual_ipaddress_excluded').flatMap(addressOf),
  }
}

/** `[ADDRESS] [brd ADDRESS] [dev NAME] [scope SCOPE] [label NAME] …`, in any order. */
function addressOf({ words }: Statement): VrrpAddress[] {
  const after = (keyword: string): string | undefined => {
    const index = words.indexOf(keyword)
    return index < 0 ? undefined : words[index + 1]
  }
  const written = words.find(
    (word, index) =>
      /^(?:[0-9.]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(?:\/\d+)?$/.test(word) &&
      !/^(?:brd|broadcast|dev|label|peer|preferred_lft)$/.test(words[index - 1] ?? ''),
  )
  if (written === undefined) return []
  return [
    {
      address: written.includes('/') ? written : `${written}/${written.includes(':') ? 128 : 32}`,
      ...{ dev: after('dev'), label: after('label'), scope: after('scope') },
    },
  ]
}
