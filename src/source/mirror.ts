import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ExecResult, succeeded } from '../exec.ts'
import { syncDirectory } from '../write-file.ts'
import type { Address } from './address.ts'
import type { Git } from './git-command.ts'

/** Where the fetched branch ends up. One name whatever the branch, so that `a` and later `a/b` do not collide. */
export const MIRROR_REF = 'refs/lb-agent/branch'

const LOCAL_TIMEOUT_MS = 30_000

// With fsckObjects every fetch of something new adds a pack, and gc is off. `-k` keeps commits that no branch has any
// more: the applied one may be among them after a rewind. A repack that fails leaves the packs as they are.
const MAX_PACKS = 20
const REPACK = ['repack', '-a', '-d', '-k', '-q']

export type Mirror = {
  /** Brings the branch and its whole history into the mirror, which is made on first use. */
  fetch(signal: AbortSignal | undefined): Promise<ExecResult>
  /** Fetches everything anew beside the old mirror and takes its place; the old one stays when that fails. */
  renew(signal: AbortSignal | undefined): Promise<ExecResult>
  /** Reads every object (`git fsck`); true when one is missing or changed. */
  isDamaged(signal: AbortSignal | undefined): Promise<boolean>
  /** The branches that the remote has now. */
  remoteBranches(signal: AbortSignal | undefined): Promise<ExecResult>
}

export type MirrorOptions = {
  directory: string
  git: Git
  address: Address
  branch: string
  fetchTimeoutMs: number
  now(): number
}

/** A bare repository that only this agent uses (mode 0700). Calls must not overlap. Throws what the file system says. */
export function createMirror(options: MirrorOptions): Mirror {
  const { directory, git, address, branch, fetchTimeoutMs, now } = options
  const fresh = `${directory}.new`
  const replaced = `${directory}.old`

  const fetchInto = (into: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<ExecResult> =>
    git(into, fetchArgs(address, branch), { timeoutMs, signal })

  const renew = async (signal: AbortSignal | undefined): Promise<ExecResult> => {
    const endsAtMs = now() + fetchTimeoutMs
    const first = await fetchAnew('sha1', fetchTimeoutMs, signal)
    if (!isOtherObjectFormat(first)) return first
    return fetchAnew('sha256', Math.min(fetchTimeoutMs, Math.max(1_000, endsAtMs - now())), signal)
  }

  const fetchAnew = async (format: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<ExecResult> => {
    await rm(fresh, { recursive: true, force: true })
    await mkdir(fresh, { recursive: true, mode: 0o700 })
    const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`]
    const made = await git(fresh, init, { timeoutMs: LOCAL_TIMEOUT_MS, signal })
    const fetched = succeeded(made) ? await fetchInto(fresh, timeoutMs, signal) : made
    if (succeeded(fetched)) await takePlace()
    await rm(fresh, { recursive: true, force: true })
    return fetched
  }

  const takePlace = async (): Promise<void> => {
    await rm(replaced, { recursive: true, force: true })
    if (existsSync(directory)) await rename(directory, replaced)
    await rename(fresh, directory)
    await syncDirectory(dirname(directory))
    await rm(replaced, { recursive: true, force: true })
  }

  return {
    fetch: async (signal) => {
      // Killed between the two renames of `takePlace`: the old mirror is still the last one we have.
      if (!existsSync(directory) && existsSync(replaced)) await rename(replaced, directory)
      if (!existsSync(join(directory, 'HEAD'))) return renew(signal)
      await sweep(directory)
      const fetched = await fetchInto(directory, fetchTimeoutMs, signal)
      if (isOtherObjectFormat(fetched)) return renew(signal)
      if (succeeded(fetched) && (await packCount(directory)) > MAX_PACKS)
        await git(directory, REPACK, { timeoutMs: LOCAL_TIMEOUT_MS, signal })
      return fetched
    },
    renew,
    isDamaged: async (signal) => {
      const args = ['fsck', '--full', '--no-dangling', '--no-progress']
      const checked = await git(directory, args, { timeoutMs: LOCAL_TIMEOUT_MS, signal })
      return checked.kind === 'exited' && checked.code !== 0
    },
    remoteBranches: (signal) => {
      const args = ['ls-remote', '--refs', ...uploadPack(address), '--end-of-options', address.url, 'refs/heads/*']
      return git(undefined, args, { timeoutMs: fetchTimeoutMs, signal })
    },
  }
}

function fetchArgs(address: Address, branch: string): string[] {
  return [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--no-recurse-submodules',
    ...uploadPack(address),
    '--end-of-options',
    address.url,
    // Forced: a rewound branch must be seen to be refused.
    `+refs/heads/${branch}:${MIRROR_REF}`,
  ]
}

/**
 * git ≥ 2.39.4 serves no local repository of another user (CVE-2024-32004), and our own -c settings do not reach the
 * upload-pack child. agent.yaml names this repository, which is the trust that safe.directory asks for.
 */
export function uploadPack(address: Address): string[] {
  return address.protocol === 'file' ? ["--upload-pack=git -c 'safe.directory=*' upload-pack"] : []
}

function isOtherObjectFormat(result: ExecResult): boolean {
  return result.kind === 'exited' && result.code !== 0 && /mismatched algorithms/.test(result.stderr)
}

// Only one agent uses the mirror and its calls do not overlap, so a lock or a half pack is what a killed fetch left.
async function sweep(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const left = entry.name.endsWith('.lock') || /^(?:tmp_(?:pack|idx|rev|obj)|\.tmp-\d+-pack)/.test(entry.name)
    if (entry.isFile() && left) await rm(join(entry.parentPath, entry.name), { force: true })
  }
}

async function packCount(directory: string): Promise<number> {
  const names = await readdir(join(directory, 'objects', 'pack'))
  return names.filter((name) => name.endsWith('.pack')).length
}
