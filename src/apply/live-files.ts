import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RenderedFiles } from '../render/render-target.ts'
import { prepareDurably, syncDirectory } from '../write-file.ts'

export type LivePaths = { haproxy: string; keepalived: string }

// Read by haproxy as its own user on some distributions; there are no secrets in them.
const LIVE_MODE = 0o644

/** The pair that the daemons read now; undefined for a file that is not there. */
export async function readLivePair(paths: LivePaths): Promise<{ [Name in keyof RenderedFiles]: string | undefined }> {
  const [haproxy, keepalived] = await Promise.all([readOptional(paths.haproxy), readOptional(paths.keepalived)])
  return { haproxy, keepalived }
}

/**
 * Puts a pair live. Both contents are safe on disk before the first rename; a death between the two renames is what the
 * journal is for. Throws, with nothing changed, when a path is not a regular file or cannot be written.
 */
export async function writeLivePair(paths: LivePaths, files: RenderedFiles): Promise<void> {
  for (const path of Object.values(paths)) {
    await refuseSpecialFile(path)
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  }
  const haproxy = await prepareDurably(paths.haproxy, files.haproxy, LIVE_MODE)
  const keepalived = await prepareDurably(paths.keepalived, files.keepalived, LIVE_MODE).catch(async (error) => {
    await rm(haproxy, { force: true })
    throw error
  })
  await rename(haproxy, paths.haproxy)
  await rename(keepalived, paths.keepalived)
  await syncDirectory(dirname(paths.haproxy))
  await syncDirectory(dirname(paths.keepalived))
}

/** Takes the pair away again after a first apply that failed: a restart must not read it. */
export async function removeLivePair(paths: LivePaths): Promise<void> {
  for (const path of Object.values(paths)) {
    await rm(path, { force: true })
    await syncDirectory(dirname(path))
  }
}

/** What the live files hold while a release is applied, by path. */
export function liveContents(paths: LivePaths, release: { files: RenderedFiles }): ReadonlyMap<string, string> {
  return new Map([
    [paths.haproxy, release.files.haproxy],
    [paths.keepalived, release.files.keepalived],
  ])
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function refuseSpecialFile(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found !== undefined && !found.isFile()) {
    throw new Error(
      `${path} is not a regular file (a link?); lb-agent replaces only regular files, nothing was changed`,
    )
  }
}
