import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument, type YAMLMap } from 'yaml'
import type { Problem } from './problem.ts'
import { printable, quoted } from './shown.ts'
import { syntaxProblems } from './syntax-problems.ts'
import { formatPath, type YamlPath } from './yaml-path.ts'

type Position = { line: number; col: number }

/** Plain values of a YAML file and where each of them stands. A value that could not be read is `undefined`, and `problems` says why. */
export type Yaml = {
  value: unknown
  problems: Problem[]
  has(path: YamlPath): boolean
  keyAt(path: YamlPath): Position
  valueAt(path: YamlPath): Position
}

// yaml 2.9 took 9.5 s for a flat list of 3.2 MB; 256 KiB hold some thousand servers and take 0.3 to 0.8 s (2.4 s for 262,144 closing braces).
const MAX_BYTES = 256 * 1024
const MAX_DEPTH = 12

/**
 * Reads one YAML 1.2 document of at most 256 KiB. Aliases, unknown tags, duplicate keys and a second document are problems
 * beside the value; with a syntax error, or nothing in the file, there are only problems.
 */
export function readYaml(
  text: string,
  file: string,
): { kind: 'yaml'; yaml: Yaml } | { kind: 'problems'; problems: Problem[] } {
  const wholeFile = (message: string) => ({ kind: 'problems' as const, problems: [{ file, line: 0, col: 0, message }] })
  const bytes = new TextEncoder().encode(text).length
  if (bytes > MAX_BYTES) return wholeFile(`the file is ${Math.ceil(bytes / 1024)} KiB; at most 256 KiB are read`)

  const lines = new LineCounter()
  // uniqueKeys compares every pair of keys (4.6 s for 30,000 keys); readNodes finds duplicates with a set.
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    uniqueKeys: false,
    version: '1.2',
    schema: 'core',
  } as const
  const document = parseDocument(text, { ...options, merge: false })
  const problemAt = (offset: number, message: string): Problem => ({ file, ...lines.linePos(offset), message })

  const syntax = document.errors.filter((error) => error.code !== 'MULTIPLE_DOCS')
  if (syntax.length > 0) return { kind: 'problems', problems: syntaxProblems(syntax, { text, lines, at: problemAt }) }
  if (document.contents === null) return wholeFile('the file is empty')
  const beside = [...document.errors, ...document.warnings].map((finding) =>
    problemAt(finding.pos[0], besideMessage(finding.code)),
  )
  const nodes = readNodes(document.contents, lines, problemAt)
  return { kind: 'yaml', yaml: { ...nodes, problems: [...beside, ...nodes.problems] } }
}

function readNodes(
  root: ParsedNode,
  lines: LineCounter,
  problemAt: (offset: number, message: string) => Problem,
): Yaml {
  const problems: Problem[] = []
  const places = new Map<string, { key: number; value: number }>()

  function read(node: ParsedNode | null, path: YamlPath, key: number): unknown {
    const at = node?.range[0] ?? key
    places.set(JSON.stringify(path), { key, value: at })
    if (node === null) return null
    if (path.length > MAX_DEPTH) return unread(at, `${formatPath(path)} is nested too deeply; nothing here is`)
    if (isScalar(node)) return node.value
    if (isSeq(node)) return node.items.map((item, index) => read(item, [...path, index], item.range[0]))
    if (isMap(node)) return readMap(node, path)
    return unread(at, `${formatPath(path)} is an alias (*${printable(node.source)}); write the value itself`)
  }

  function readMap(map: YAMLMap.Parsed, path: YamlPath): object {
    const values: Record<string, unknown> = Object.create(null)
    for (const { key, value } of map.items) {
      const at = key.range[0]
      if (!isScalar(key)) {
        unread(
          at,
          `a key of ${formatPath(path)} is ${isMap(key) || isSeq(key) ? 'a collection' : 'an alias'}; a key is plain text`,
        )
        continue
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
      const first = places.get(JSON.stringify([...path, name]))
      if (name === '__proto__')
        unread(at, `${formatPath([...path, name])} is no key; ${quoted(name)} has a meaning of its own in JavaScript`)
      else if (first)
        unread(
          at,
          `${formatPath([...path, name])} is given twice; the first is in line ${lines.linePos(first.key).line}`,
        )
      else values[name] = read(value, [...path, name], at)
    }
    return values
  }

  function unread(offset: number, message: string): undefined {
    problems.push(problemAt(offset, message))
  }

  const value = read(root, [], root.range[0])
  const place = (path: YamlPath) => places.get(JSON.stringify(path)) ?? { key: 0, value: 0 }
  return {
    value,
    problems,
    has: (path) => places.has(JSON.stringify(path)),
    keyAt: (path) => lines.linePos(place(path).key),
    valueAt: (path) => lines.linePos(place(path).value),
  }
}

function besideMessage(code: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; the file is one YAML document'
  if (code === 'TAG_RESOLVE_FAILED') return 'this tag is not known; no value needs a tag'
  return 'this directive is not known; the file needs none'
}
