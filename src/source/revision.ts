import { cleanText } from '../clean-text.ts'
import { type ExecResult, succeeded } from '../exec.ts'
import type { Git } from './git-command.ts'

/** A commit. `subject` and `author` (`name <address>`) are cleaned for display and at most 200 characters. */
export type Revision = { sha: string; committedAtMs: number; subject: string; author: string }

const LOCAL_TIMEOUT_MS = 10_000

/** True for a whole object name, SHA-1 or SHA-256. */
export function isObjectName(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

/** The commit that `ref` names, or how git failed to read it. */
export async function readRevision(
  git: Git,
  directory: string,
  ref: string,
  signal: AbortSignal | undefined,
): Promise<Revision | ExecResult> {
  const args = ['log', '-1', '--no-mailmap', '--no-show-signature', '--format=%H%x00%ct%x00%an <%ae>%x00%s', ref, '--']
  const shown = await git(directory, args, { timeoutMs: LOCAL_TIMEOUT_MS, signal })
  const [sha = '', seconds = '', author = '', subject = ''] = shown.stdout.toString('utf8').split('\0')
  if (!succeeded(shown) || !isObjectName(sha)) return shown
  return { sha, committedAtMs: Number(seconds) * 1000, subject: cleanText(subject), author: cleanText(author) }
}

/**
 * How `sha` stands to `ancestor`: a descendant of it, the same, or a rewind (a commit without it in its history).
 * `merge-base` ends with 128 when it does not know one of them, which proves nothing: `unknown-ancestor`.
 */
export async function relation(
  git: Git,
  directory: string,
  ancestor: string,
  sha: string,
  signal: AbortSignal | undefined,
): Promise<'descendant' | 'same' | 'rewind' | 'unknown-ancestor'> {
  if (!isObjectName(ancestor) || !isObjectName(sha)) return 'unknown-ancestor'
  if (ancestor === sha) return 'same'
  const args = ['merge-base', '--is-ancestor', ancestor, sha]
  const asked = await git(directory, args, { timeoutMs: LOCAL_TIMEOUT_MS, signal })
  if (asked.kind !== 'exited') return 'unknown-ancestor'
  if (asked.code === 0) return 'descendant'
  return asked.code === 1 ? 'rewind' : 'unknown-ancestor'
}
