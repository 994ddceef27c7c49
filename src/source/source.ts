import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cleanText } from '../clean-text.ts'
import { succeeded } from '../exec.ts'
import { type Address, isBranchName, parseAddress } from './address.ts'
import { explainRemoteFailure, isMissingBranch, quoteFailure } from './fetch-failure.ts'
import { createGit, type Git } from './git-command.ts'
import { createMirror, MIRROR_REF, type Mirror } from './mirror.ts'
import { type ReadResult, readTree } from './read-tree.ts'
import { isObjectName, type Revision, readRevision, relation } from './revision.ts'

export type FetchResult =
  | { kind: 'fetched'; revision: Revision }
  | { kind: 'unreachable'; reason: string }
  | { kind: 'no-branch'; reason: string }
  | { kind: 'empty'; reason: string }

export type Relation = 'descendant' | 'same' | 'rewind' | 'unknown-ancestor'

/** One branch of one repository. Calls must not overlap. None of them throws for what git, the remote or the disk does. */
export type Source = {
  /** Brings the branch up to date and says which commit it is at. Reasons are sentences for an operator. */
  fetch(signal?: AbortSignal): Promise<FetchResult>
  /** The wanted files at a commit that was fetched; a damaged mirror is made anew once before giving up. */
  read(sha: string, signal?: AbortSignal): Promise<ReadResult>
  /** How `sha` stands to `ancestor`; only `descendant` and `same` are proof that history goes on. */
  isDescendant(ancestor: string, sha: string, signal?: AbortSignal): Promise<Relation>
}

export type SourceOptions = {
  url: string
  branch: string
  /** The directory in the repository that holds lb.yaml. */
  path: string
  /** Absolute; a directory of its own, made on first use. git's HOME is its parent. */
  mirror: string
  /** `id_*` and `known_hosts` for ssh. Default: `ssh` beside the mirror. */
  sshDirectory?: string
  fetchTimeoutMs: number
  now(): number
}

/** The desired state's origin: a bare mirror, fed by `git fetch`, read by object. Touches nothing before the first call. */
export function createSource(options: SourceOptions): Source {
  const { branch, path, mirror: directory, fetchTimeoutMs, now } = options
  const address = parseAddress(options.url)
  if (address.kind === 'refused') return refusingSource(address.reason)
  if (!isBranchName(branch))
    return refusingSource(
      `repository.branch "${cleanText(branch)}" is not a branch name that lb-agent fetches`,
      'no-branch',
    )

  const home = dirname(directory)
  const git = createGit({ home, address, sshDirectory: options.sshDirectory ?? join(home, 'ssh') })
  const mirror = createMirror({ directory, git, address, branch, fetchTimeoutMs, now })
  const parts: Parts = { git, mirror, address, branch, directory }
  return {
    fetch: async (signal) => {
      try {
        mkdirSync(home, { recursive: true, mode: 0o755 })
        return await fetchBranch(parts, signal)
      } catch (error) {
        return { kind: 'unreachable', reason: `the mirror ${directory} cannot be written: ${messageOf(error)}` }
      }
    },
    read: async (sha, signal) => {
      if (!isObjectName(sha)) return { kind: 'unreadable', reason: `"${cleanText(sha)}" is not the name of a commit` }
      const read = (): Promise<ReadResult> => readTree({ git, directory, sha, branch, path, signal })
      const first = await read()
      if (first.kind !== 'unreadable') return first
      const repaired = await repair(parts, signal)
      if (repaired.kind === 'renewed') return read()
      const why = repaired.kind === 'failed' ? `the mirror is damaged and stays so: ${repaired.reason}` : first.reason
      return { kind: 'unreadable', reason: `commit ${sha.slice(0, 12)} cannot be read: ${why}` }
    },
    isDescendant: async (ancestor, sha, signal) => {
      const first = await relation(git, directory, ancestor, sha, signal)
      if (first !== 'unknown-ancestor' || (await repair(parts, signal)).kind !== 'renewed') return first
      return relation(git, directory, ancestor, sha, signal)
    },
  }
}

type Parts = { git: Git; mirror: Mirror; address: Address; branch: string; directory: string }

async function fetchBranch(parts: Parts, signal: AbortSignal | undefined): Promise<FetchResult> {
  const { git, mirror, address, directory } = parts
  const fetched = await mirror.fetch(signal)
  if (isMissingBranch(fetched)) return whyNoBranch(parts, signal)
  if (!succeeded(fetched)) {
    const remote = explainRemoteFailure(fetched, address)
    if (remote !== undefined) return { kind: 'unreachable', reason: remote }
    const repaired = await repair(parts, signal)
    if (repaired.kind === 'failed') return { kind: 'unreachable', reason: repaired.reason }
    if (repaired.kind === 'sound') return { kind: 'unreachable', reason: quoteFailure(fetched, address) }
  }
  const revision = await readRevision(git, directory, MIRROR_REF, signal)
  if ('sha' in revision) return { kind: 'fetched', revision }

  const repaired = await repair(parts, signal)
  if (repaired.kind === 'failed') return { kind: 'unreachable', reason: repaired.reason }
  const again = await readRevision(git, directory, MIRROR_REF, signal)
  return 'sha' in again
    ? { kind: 'fetched', revision: again }
    : { kind: 'unreachable', reason: quoteFailure(again, address) }
}

async function repair(
  { mirror, address }: Parts,
  signal: AbortSignal | undefined,
): Promise<{ kind: 'sound' } | { kind: 'renewed' } | { kind: 'failed'; reason: string }> {
  if (!(await mirror.isDamaged(signal))) return { kind: 'sound' }
  try {
    const renewed = await mirror.renew(signal)
    if (succeeded(renewed)) return { kind: 'renewed' }
    return { kind: 'failed', reason: explainRemoteFailure(renewed, address) ?? quoteFailure(renewed, address) }
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) }
  }
}

const BRANCHES_SHOWN = 10

async function whyNoBranch({ mirror, address, branch }: Parts, signal: AbortSignal | undefined): Promise<FetchResult> {
  const listed = await mirror.remoteBranches(signal)
  const where = cleanText(address.display)
  if (!succeeded(listed)) return { kind: 'no-branch', reason: `branch ${branch} does not exist in ${where}` }
  const refs = listed.stdout.toString('utf8').match(/(?<=\trefs\/heads\/).+/gu) ?? []
  if (refs.length === 0) return { kind: 'empty', reason: `${where} has no branch yet; push branch ${branch} to it` }
  const shown = refs.slice(0, BRANCHES_SHOWN).map((ref) => cleanText(ref, 60))
  const more = refs.length > BRANCHES_SHOWN ? ` and ${refs.length - BRANCHES_SHOWN} more` : ''
  const reason = `branch ${branch} does not exist in ${where}; branches there: ${shown.join(', ')}${more}`
  return { kind: 'no-branch', reason }
}

function refusingSource(reason: string, kind: 'unreachable' | 'no-branch' = 'unreachable'): Source {
  return {
    fetch: async () => ({ kind, reason }),
    read: async () => ({ kind: 'unreadable', reason }),
    isDescendant: async () => 'unknown-ancestor',
  }
}

function messageOf(error: unknown): string {
  return cleanText(error instanceof Error ? error.message : String(error))
}
