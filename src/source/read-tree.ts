import { cleanText } from '../clean-text.ts'
import type { Problem } from '../spec/problem.ts'
import { readBlobs } from './blobs.ts'
import type { Git } from './git-command.ts'
import { listTree, type TreeEntry } from './tree-entries.ts'

/** The wanted files of one commit, by name below `path`: `lb.yaml` and `templates/*.j2`. */
export type ReadResult =
  | { kind: 'tree'; files: ReadonlyMap<string, string> }
  | { kind: 'problems'; problems: Problem[] }
  | { kind: 'unreadable'; reason: string }

type ReadOptions = {
  git: Git
  directory: string
  sha: string
  branch: string
  path: string
  signal: AbortSignal | undefined
}

const SPEC_FILE = 'lb.yaml'
const TEMPLATES = 'templates'
const MAX_BLOB_BYTES = 256 * 1024
const MAX_TOTAL_BYTES = 1024 * 1024

/**
 * Reads the wanted files from git's objects; nothing is checked out. Reports as problems: a path that leaves the
 * repository, no `lb.yaml`, links and submodules, files over 256 KiB (1 MiB in all), and what is not UTF-8 text.
 */
export async function readTree(options: ReadOptions): Promise<ReadResult> {
  const prefix = directoryPrefix(options.path)
  if (prefix === undefined)
    return problem(SPEC_FILE, `repository.path "${options.path}" leaves the repository; give a path inside it`)
  const { git, directory, sha, signal } = options
  const listing = await listTree(git, directory, sha, [prefix + SPEC_FILE, prefix + TEMPLATES], signal)
  if (listing.kind === 'unreadable') return listing
  if (listing.kind === 'too-many')
    return problem(TEMPLATES, `${prefix}${TEMPLATES} holds more than 10,000 files; lb-agent reads at most that many`)

  const entries = listing.entries
    .map((entry) => ({ ...entry, path: entry.path.slice(prefix.length) }))
    .filter((entry) => isWanted(entry.path))
  const problems = refusals(entries)
  if (!entries.some((entry) => entry.path === SPEC_FILE)) problems.unshift(await missingSpec(options, prefix))
  if (problems.length > 0) return { kind: 'problems', problems }

  const read = await readBlobs(
    git,
    directory,
    entries.map((entry) => entry.oid),
    signal,
  )
  return read.kind === 'unreadable' ? read : decodeAll(entries, read.blobs)
}

/** `.`, `./`, `lb`, `lb/`, `./lb` as the beginning of a path in the tree; undefined when it points outside. */
function directoryPrefix(path: string): string | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (path.startsWith('/') || path.includes('\0') || parts.includes('..')) return undefined
  return parts.map((part) => `${part}/`).join('')
}

// A link or submodule named `templates` hides every template below it.
function isWanted(path: string): boolean {
  return path === SPEC_FILE || path === TEMPLATES || /^templates\/[^/]+\.j2$/.test(path)
}

function refusals(entries: readonly TreeEntry[]): Problem[] {
  const problems = entries.flatMap((entry) => {
    const why = whyRefused(entry)
    return why === undefined ? [] : [fileProblem(entry.path, why)]
  })
  const total = entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0)
  if (problems.length === 0 && total > MAX_TOTAL_BYTES)
    problems.push(
      fileProblem(SPEC_FILE, `${SPEC_FILE} and its templates have ${total} bytes; at most ${MAX_TOTAL_BYTES} are read`),
    )
  return problems
}

function whyRefused(entry: TreeEntry): string | undefined {
  const name = cleanText(entry.path)
  if (entry.mode === '120000') return `${name} is a symbolic link; lb-agent follows none, so put the file itself there`
  if (entry.mode === '160000') return `${name} is a submodule; lb-agent reads none, so put the files themselves there`
  if (entry.path === TEMPLATES) return `${name} is a file; it must be a directory that holds *.j2`
  if (entry.mode !== '100644' && entry.mode !== '100755')
    return `${name} has mode ${entry.mode}; only plain files are read`
  if (entry.size === undefined || entry.size > MAX_BLOB_BYTES)
    return `${name} has ${entry.size} bytes; at most ${MAX_BLOB_BYTES} are read`
  return undefined
}

async function missingSpec(options: ReadOptions, prefix: string): Promise<Problem> {
  const { git, directory, sha, signal, branch } = options
  const listing = await listTree(git, directory, sha, [], signal)
  const entries = listing.kind === 'entries' ? listing.entries : []
  const said = `${prefix}${SPEC_FILE} is not in branch ${branch} at commit ${sha.slice(0, 12)} (repository.path is "${options.path}")`
  const parent = entries.find((entry) => prefix.startsWith(`${entry.path}/`))
  if (parent !== undefined) {
    const kind = parent.mode === '120000' ? 'a symbolic link' : parent.mode === '160000' ? 'a submodule' : 'a file'
    return fileProblem(SPEC_FILE, `${said}; ${cleanText(parent.path)} is ${kind} there, not a directory`)
  }
  const others = entries.map((entry) => entry.path).filter((path) => /(?:^|\/)lb\.ya?ml$/.test(path))
  const hint =
    others.length === 0
      ? ''
      : `; the commit has ${others
          .slice(0, 5)
          .map((path) => cleanText(path))
          .join(', ')}`
  return fileProblem(SPEC_FILE, `${said}${hint}`)
}

function decodeAll(entries: readonly TreeEntry[], blobs: readonly Buffer[]): ReadResult {
  const files = new Map<string, string>()
  const problems: Problem[] = []
  for (const [index, entry] of entries.entries()) {
    const text = decode(blobs[index] ?? Buffer.alloc(0))
    if (text === undefined)
      problems.push(fileProblem(entry.path, `${cleanText(entry.path)} is not text: it must be UTF-8 without NUL bytes`))
    else files.set(entry.path, text)
  }
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'tree', files }
}

function decode(blob: Buffer): string | undefined {
  if (blob.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(blob)
  } catch {
    return undefined
  }
}

function problem(file: string, message: string): ReadResult {
  return { kind: 'problems', problems: [fileProblem(file, message)] }
}

function fileProblem(file: string, message: string): Problem {
  return { file: cleanText(file), line: 0, col: 0, message }
}
