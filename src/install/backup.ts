import { chmod, chown, lstat, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { parseStateFile } from '../state-file.ts'
import { syncDirectory, writeDurably } from '../write-file.ts'

const manifestSchema = z.object({
  savedAtMs: z.number(),
  files: z.array(z.object({ path: z.string(), saved: z.string(), mode: z.number(), uid: z.number(), gid: z.number() })),
  /** Live paths at which there was no file. */
  absent: z.array(z.string()),
  /** Units that did not start at boot. */
  disabled: z.array(z.string()),
  /** Units that did not run. */
  stopped: z.array(z.string()),
})

/** What stood at the live paths before lb-agent came: kept until `lb-agent uninstall` puts it back. */
export type Backup = z.infer<typeof manifestSchema>

/** Where it is kept, in the state directory. */
export const BACKUP_DIRECTORY = 'before-install'
const MANIFEST = 'manifest.json'

/** undefined where nothing was kept. Throws with a sentence when it is there and cannot be read. */
export async function readBackup(directory: string): Promise<Backup | undefined> {
  const file = join(directory, MANIFEST)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${file} cannot be read: ${(error as Error).message}`)
  }
  // Root will write what it says: the directory around it is the agent's, who could put another in its place.
  for (const path of [directory, file]) await refuseForeign(path)
  const read = parseStateFile(text, manifestSchema)
  if (read.kind === 'read') return read.value
  throw new Error(`${file} cannot be read: ${read.reason}`)
}

async function refuseForeign(path: string): Promise<void> {
  const { uid } = await lstat(path)
  if (uid !== process.getuid?.()) throw new Error(`${path} belongs to user ${uid}: install did not make it so`)
}

/** Keeps copies of those of `paths` that are there, with owners and modes. The manifest is last: without it there is no backup. */
export async function writeBackup(
  directory: string,
  paths: readonly string[],
  { nowMs, ...units }: { disabled: readonly string[]; stopped: readonly string[]; nowMs: number },
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await refuseForeign(directory)
  const files: Backup['files'] = []
  const absent: string[] = []
  for (const path of paths) {
    const kept = await keep(directory, path)
    if (kept === undefined) absent.push(path)
    else files.push(kept)
  }
  const manifest: Backup = {
    savedAtMs: nowMs,
    files,
    absent,
    disabled: [...units.disabled],
    stopped: [...units.stopped],
  }
  await writeDurably(join(directory, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`, 0o600)
  await syncDirectory(dirname(directory))
}

async function keep(directory: string, path: string): Promise<Backup['files'][number] | undefined> {
  try {
    const { mode, uid, gid } = await stat(path)
    const saved = path.slice(1).replaceAll('/', '-')
    // As bytes: a comment may be in another encoding than ours.
    await writeDurably(join(directory, saved), await readFile(path), 0o600)
    return { path, saved, mode: mode & 0o777, uid, gid }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Puts every file back as it was; where there was none, there is none. May be done again. */
export async function restoreBackup(directory: string, { files, absent }: Backup): Promise<void> {
  for (const { path, saved, mode, uid, gid } of files) {
    await writeDurably(path, await readFile(join(directory, saved)), mode & 0o777)
    await chown(path, uid, gid)
    await chmod(path, mode & 0o777)
  }
  for (const path of absent) await rm(path, { force: true })
}

export async function dropBackup(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}
