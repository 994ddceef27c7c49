import { randomBytes } from 'node:crypto'
import { constants, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Puts `data` at `path` so that a reader sees the old or the new content, never a part, and so that it survives a power
 * cut once this returns: temp file in the same directory, fsync, rename, fsync of the directory. An existing file keeps
 * its mode and owner. Throws what the file system says (ENOSPC, EROFS, …); then `path` is untouched.
 */
export async function writeDurably(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const temporary = await prepareDurably(path, data, mode)
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** The first half of `writeDurably`: the content is safe on disk beside `path`; the caller renames it into place. */
export async function prepareDurably(path: string, data: string | Uint8Array, mode: number): Promise<string> {
  const temporary = temporaryName(path)
  const before = await stat(path).catch(() => undefined)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const file = await open(temporary, flags, 0o600)
  try {
    await file.writeFile(data)
    if (before !== undefined && process.getuid?.() === 0) await file.chown(before.uid, before.gid)
    await file.chmod(before === undefined ? mode : before.mode & 0o777)
    await file.sync()
  } catch (error) {
    await file.close()
    await rm(temporary, { force: true })
    throw error
  }
  await file.close()
  return temporary
}

/** Makes renames in `directory` survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Atomic for readers but not for power cuts: for files below /run that keepalived watches. Synchronous, because a gate
 * must not wait behind other file operations.
 */
export function replaceFile(path: string, data: string, mode = 0o644): void {
  const temporary = temporaryName(path)
  try {
    writeFileSync(temporary, data, { mode, flag: 'wx' })
    renameSync(temporary, path)
  } catch (error) {
    // Tried again many times a second: what is left of each would fill what is full already.
    rmSync(temporary, { force: true })
    throw error
  }
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
}
