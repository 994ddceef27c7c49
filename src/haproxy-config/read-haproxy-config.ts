import type { Problem } from '../spec/problem.ts'
import type { GlobalConfig, HaproxyConfig, Line, ProxyConfig, Section, StatsSocket } from './config.ts'
import { placeOf } from './place.ts'
import { readProxy } from './read-proxy.ts'
import { readSections } from './read-sections.ts'

/** Reads an haproxy.cfg. `file` is the name that positions carry. Never throws; the time it takes grows with the text. */
export function readHaproxyConfig(file: string, text: string): HaproxyConfig {
  const { sections, problems } = readSections(file, text)
  const proxies: ProxyConfig[] = []
  const inherited = new Map<Section, readonly Line[]>()
  let current: Section | undefined
  for (const section of sections) {
    const base = baseOf(section, sections, current, problems)
    const lines = base === undefined ? [] : (inherited.get(base) ?? [])
    if (section.kind === 'defaults') {
      // A defaults section begins anew: it takes over another one only where `from` says so (configuration.txt §4).
      inherited.set(section, joined(section.from === undefined ? [] : lines, section.lines))
      current = section
    } else if (/^(?:frontend|backend|listen)$/.test(section.kind)) proxies.push(readProxy(section, lines, problems))
  }
  return { file, sections, global: readGlobal(sections), proxies, problems: problems.sort(inOrder) }
}

/** Every proxy reads them again. */
const MOST_INHERITED = 300

function joined(lines: readonly Line[], own: readonly Line[]): readonly Line[] {
  return [...lines, ...own].slice(-MOST_INHERITED)
}

/** The defaults section that counts for a section: the one it names, or else the last one before it. */
function baseOf(
  section: Section,
  sections: readonly Section[],
  current: Section | undefined,
  problems: Problem[],
): Section | undefined {
  if (section.from === undefined) return current
  const named = sections.find(({ kind, name }) => kind === 'defaults' && name === section.from)
  if (named === undefined) {
    const message = `${section.kind} ${section.name ?? ''} is from "${section.from}", and no defaults section has that name`
    problems.push({ ...section.at, message })
  }
  return named
}

function readGlobal(sections: readonly Section[]): GlobalConfig {
  const lines = sections.filter(({ kind }) => kind === 'global').flatMap((section) => section.lines)
  const maximum = lines.findLast(({ words }) => words[0] === 'maxconn')?.words[1] ?? ''
  return {
    maxConnections: /^\d{1,9}$/.test(maximum) ? Number(maximum) : undefined,
    statsSockets: lines.filter(({ words }) => words[0] === 'stats' && words[1] === 'socket').map(statsSocketOf),
  }
}

function statsSocketOf(line: Line): StatsSocket {
  const [, , written = ''] = line.words
  const level = line.words[line.words.indexOf('level', 3) + 1]
  const [, address, port] = /^(?:ipv[46]@)?(.*):(\d{1,5})$/.exec(written) ?? []
  return {
    path: port === undefined ? written : undefined,
    address,
    port: port === undefined ? undefined : Number(port),
    level: line.words.includes('level') && (level === 'user' || level === 'admin') ? level : 'operator',
    at: placeOf(line, 2),
  }
}

function inOrder(a: Problem, b: Problem): number {
  return a.line - b.line || a.col - b.col
}
