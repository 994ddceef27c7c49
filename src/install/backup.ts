import { chmod, chown, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { parseStateFile } from '../state-file.ts'
import { syncDirectory, writeDurably } from '../write-file.ts'

const manifestSchema = z.object({
  savedAtMs: z.number(),
  files: z.array(z.object({ path: z.string(), saved: z.string(), mode: z.number(), uid: z.number(), gid: z.number() })),
  /** Units that did not start at boot before. */
  enabled: z.array(z.string()),
})

/** What stood at the live paths before lb-agent came: kept until `lb-agent uninstall` puts it back. */
export type Backup = z.infer<typeof manifestSchema>

/** Where it is kept, in the state directory. */
export const BACKUP_DIRECTORY = 'before-install'
const MANIFEST = 'manifest.json'

/** undefined where nothing was kept. Throws when it is there and cannot be read. */
export async function readBackup(directory: string): Promise<Backup | undefined> {
  let text: string
  try {
    text = await readFile(join(directory, MANIFEST), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const read = parseStateFile(text, manifestSchema)
  if (read.kind === 'read') return read.value
  throw new Error(`${join(directory, MANIFEST)} cannot be read: ${read.reason}`)
}

/** Keeps copies of `paths` with owners and modes. The manifest is written last: without it there is no backup. */
export async function writeBackup(
  directory: string,
  paths: readonly string[],
  { enabled, nowMs }: { enabled: readonly string[]; nowMs: number },
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const files: Backup['files'] = []
  for (const path of paths) {
    const { mode, uid, gid } = await stat(path)
    const saved = basename(path)
    await writeDurably(join(directory, saved), await readFile(path, 'utf8'), 0o600)
    files.push({ path, saved, mode: mode & 0o7777, uid, gid })
  }
  const manifest: Backup = { savedAtMs: nowMs, files, enabled: [...enabled] }
  await writeDurably(join(directory, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`, 0o600)
  await syncDirectory(dirname(directory))
}

/** Puts every file back as it was. */
export async function restoreBackup(directory: string, { files }: Backup): Promise<void> {
  for (const { path, saved, mode, uid, gid } of files) {
    await writeDurably(path, await readFile(join(directory, saved), 'utf8'), mode & 0o777)
    await chown(path, uid, gid)
    await chmod(path, mode)
  }
}

export async function dropBackup(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}
