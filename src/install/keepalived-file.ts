/** One statement of keepalived's file, with the block behind it. `line`: from 1. */
export type Statement = { words: readonly string[]; line: number; children: readonly Statement[] }

/** A VRRP instance as its file says. `unicast`: it has peers. `addresses`: with prefix length, as written or /32, /128. */
export type VrrpInstance = {
  name: string
  line: number
  interface: string | undefined
  virtualRouterId: number | undefined
  unicast: boolean
  source: string | undefined
  addresses: readonly string[]
  excluded: readonly string[]
}

/** `includes`: files that it names and that were not read. */
export type KeepalivedFile = { instances: readonly VrrpInstance[]; includes: readonly string[] }

/** Reads what of a keepalived.conf says which addresses it moves, and how. Words that it does not know it passes over. */
export function readKeepalivedFile(text: string): KeepalivedFile {
  const statements = parseStatements(text)
  return {
    instances: statements.filter(({ words }) => words[0] === 'vrrp_instance').map(instanceOf),
    includes: statements.flatMap(({ words: [first, file] }) =>
      first !== undefined && /^include[armwbg]?$/.test(first) && file !== undefined ? [file] : [],
    ),
  }
}

/**
 * Statements and blocks (keepalived.conf(5)): one statement a line, `{` at its end or on the next line, comments from # or ! to the
 * end of the line, quoted words. A block that nobody closes ends with the file.
 */
export function parseStatements(text: string): Statement[] {
  type Open = { words: string[]; line: number; children: Open[] }
  const root: Open = { words: [], line: 0, children: [] }
  const stack: Open[] = [root]
  const top = (): Open => stack.at(-1) ?? root
  text.split('\n').forEach((line, index) => {
    let current: Open | undefined
    for (const word of wordsOf(line)) {
      if (word === '{') {
        const block = current ?? top().children.at(-1)
        if (block !== undefined) stack.push(block)
        current = undefined
      } else if (word === '}') {
        if (stack.length > 1) stack.pop()
        current = undefined
      } else if (current === undefined) {
        current = { words: [word], line: index + 1, children: [] }
        top().children.push(current)
      } else current.words.push(word)
    }
  })
  return root.children
}

/** Braces stand alone, also where they touch a word. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [found, quoted] of line.matchAll(/"([^"]*)"|[{}]|[#!].*|[^\s{}"]+/g)) {
    if (quoted !== undefined) words.push(quoted)
    else if (/^[#!]/.test(found)) break
    else words.push(found)
  }
  return words
}

function instanceOf({ words, line, children }: Statement): VrrpInstance {
  const firstOf = (keyword: string): string | undefined =>
    children.find(({ words: [first] }) => first === keyword)?.words[1]
  const block = (keyword: string): readonly Statement[] =>
    children.filter(({ words: [first] }) => first === keyword).flatMap((found) => found.children)
  const id = firstOf('virtual_router_id')
  return {
    name: words[1] ?? '',
    line,
    interface: firstOf('interface'),
    virtualRouterId: id === undefined ? undefined : Number(id),
    unicast: block('unicast_peer').length > 0,
    source: firstOf('unicast_src_ip') ?? firstOf('mcast_src_ip'),
    addresses: block('virtual_ipaddress').flatMap(addressOf),
    excluded: block('virtual_ipaddress_excluded').flatMap(addressOf),
  }
}

function addressOf({ words: [written] }: Statement): string[] {
  if (written === undefined || !/^[0-9A-Fa-f.:]+(?:\/\d+)?$/.test(written)) return []
  return [written.includes('/') ? written : `${written}/${written.includes(':') ? 128 : 32}`]
}
