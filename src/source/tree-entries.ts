import { cleanText } from '../clean-text.ts'
import { describeFailure, type ExecResult, succeeded } from '../exec.ts'
import type { Git } from './git-command.ts'

/** One line of `git ls-tree -l`. `size` is undefined for what is not a blob. */
export type TreeEntry = { mode: string; oid: string; size: number | undefined; path: string }

export type Listing =
  | { kind: 'entries'; entries: readonly TreeEntry[] }
  | { kind: 'too-many' }
  | { kind: 'unreadable'; reason: string }

const MAX_ENTRIES = 10_000
const MAX_LISTING_BYTES = 4 * 1024 * 1024
const LOCAL_TIMEOUT_MS = 10_000

/** Lists the entries at or below `paths` (all when empty) of the commit `sha`, at most 10,000. */
export async function listTree(
  git: Git,
  directory: string,
  sha: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Listing> {
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', sha, '--', ...paths]
  const run = { timeoutMs: LOCAL_TIMEOUT_MS, signal, maxOutputBytes: MAX_LISTING_BYTES }
  const listed = await git(directory, args, run)
  if (listed.kind === 'flooded') return { kind: 'too-many' }
  if (!succeeded(listed)) return { kind: 'unreadable', reason: failure(listed) }
  const lines = listed.stdout.toString('utf8').split('\0').slice(0, -1)
  if (lines.length > MAX_ENTRIES) return { kind: 'too-many' }
  const entries = lines.map(parseEntry)
  const bad = entries.find((entry) => typeof entry === 'string')
  if (typeof bad === 'string') return { kind: 'unreadable', reason: `git ls-tree wrote "${cleanText(bad)}"` }
  return { kind: 'entries', entries: entries.filter((entry) => typeof entry !== 'string') }
}

// A blob that is gone has the size BAD.
function parseEntry(line: string): TreeEntry | string {
  const match = /^(\d{6}) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/su.exec(line)
  if (match === null) return line
  const [, mode = '', oid = '', size = '', path = ''] = match
  return { mode, oid, size: size === '-' ? undefined : Number(size), path }
}

function failure(result: ExecResult): string {
  return `git ls-tree: ${cleanText(describeFailure(result), 400)}`
}
