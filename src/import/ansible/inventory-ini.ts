import { addHost, groupOf, type Inventory } from './inventory.ts'

/** Ansible's INI: `[group]` with hosts, `[group:vars]`, `[group:children]`; hosts before any section are in no group. */
export function readIniInventory(inventory: Inventory, file: string, text: string): void {
  let group = 'ungrouped'
  let part: 'hosts' | 'vars' | 'children' = 'hosts'
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const [, name, suffix] = /^\[([^\]:]+)(?::(\w+))?\](?:\s*[#;].*)?$/.exec(line) ?? []
    if (name !== undefined) {
      group = name
      part = suffix === 'vars' || suffix === 'children' ? suffix : 'hosts'
      groupOf(inventory, group)
    } else if (part === 'children') {
      groupOf(inventory, line)
      groupOf(inventory, group).children.push(line)
    } else if (part === 'vars') {
      const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? []
      if (key !== undefined && value !== undefined) groupOf(inventory, group).variables[key] = literal(value)
      else
        inventory.problems.push({ file, line: index + 1, col: 1, message: `"${line}" is no variable; it was left out` })
    } else addLine(inventory, group, line)
  }
}

function addLine(inventory: Inventory, group: string, line: string): void {
  const [host = '', ...rest] = words(line)
  const variables: Record<string, unknown> = {}
  for (const word of rest) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    if (key !== undefined && value !== undefined) variables[key] = literal(value)
  }
  // `host:port`, but not a range or an IPv6 address.
  const [, bare = host, port] = /^([^:[\]]+|.*\])(?::(\d+))$/.exec(host) ?? []
  addHost(inventory, group, bare, port === undefined ? variables : { ansible_port: Number(port), ...variables })
}

/** Blanks separate words outside of quotes; a word that begins with # ends the line. */
function words(line: string): string[] {
  const found: string[] = []
  for (const [word] of line.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'])+/g)) {
    if (word.startsWith('#')) break
    found.push(
      word.replaceAll(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, weak?: string, strong?: string) => weak ?? strong ?? ''),
    )
  }
  return found
}

/** Ansible takes what Python would: numbers, True and False, lists and mappings; everything else is text. */
function literal(written: string): unknown {
  const text = written.trim()
  if (/^-?(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text)
  if (/^(?:True|true)$/.test(text)) return true
  if (/^(?:False|false)$/.test(text)) return false
  if (/^[[{].*[\]}]$/.test(text) && !text.startsWith('{{')) {
    try {
      return JSON.parse(text.replaceAll("'", '"'))
    } catch {
      return text
    }
  }
  return text.replace(/^(["'])(.*)\1$/, '$2')
}
