import { constants } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

const MAX_DUMP_BYTES = 8 * 1024 * 1024
/** A file's time comes from the tick before (the kernel's coarse clock). */
const TICK_MS = 20

/** Since 2.3.3 each dump can be sent elsewhere (global_parser.c). */
const KEYWORDS = { json: 'json_dump_file', data: 'state_dump_file', stats: 'stats_dump_file' } as const

export type DumpKind = keyof typeof KEYWORDS

/**
 * Where the keepalived `pid` writes a dump: where its file says, or below its own TMPDIR (2.2.7), or below /tmp, whatever
 * TMPDIR says (fixed in the source until 2.1). Seen from its own root, because a unit with PrivateTmp has another /tmp.
 */
export async function placesOf(
  kind: DumpKind,
  { pid, configFile }: { pid: number; configFile: string },
): Promise<string[]> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8')
  const tmpdir = environment.split('\0').find((entry) => entry.startsWith('TMPDIR='))
  const directories = new Set([tmpdir?.slice('TMPDIR='.length) || '/tmp', '/tmp'])
  const config = await readFile(configFile, 'utf8').catch(() => '')
  const named = new RegExp(`^\\s*${KEYWORDS[kind]}\\s+"?([^"\\s]+)`, 'm').exec(config)?.[1]
  const paths = named === undefined ? [...directories].map((each) => join(each, `keepalived.${kind}`)) : [named]
  return paths.map((path) => join(`/proc/${pid}/root`, path))
}

/** Throws when one cannot be removed: then keepalived cannot write it either. */
export async function removeAll(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map((path) => rm(path, { force: true })))
}

/** The first dump of these that there is; undefined until then. */
export async function readFirst(paths: readonly string[], askedAtMs: number): Promise<string | undefined> {
  for (const path of paths) {
    const text = await readDumpFile(path, askedAtMs)
    if (text !== undefined) return text
  }
  return undefined
}

/**
 * /tmp is everybody's: what lies there under the dump's name is believed only if it is a file of root's own, that has no
 * other name and was written since it was asked for. keepalived makes it with mkostemp and renames it into place.
 */
async function readDumpFile(path: string, askedAtMs: number): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const found = await file.stat()
      const isRoots = found.isFile() && found.uid === 0 && found.nlink === 1
      if (!isRoots || found.mtimeMs < askedAtMs - TICK_MS || found.size > MAX_DUMP_BYTES) return undefined
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
