import { constants, type Stats } from 'node:fs'
import { lstat, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

const MAX_DUMP_BYTES = 8 * 1024 * 1024

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

/** A dump that is asked for next. What lies in its place already is somebody else's: `kill -USR1` by hand, another keepalived. */
export type ExpectedDump = {
  /** Undefined until it is there. */
  read(): Promise<string | undefined>
  /** It holds passwords. False while there is none. */
  remove(): Promise<boolean>
}

/** To be called before keepalived is asked. */
export async function expectDump(paths: readonly string[]): Promise<ExpectedDump> {
  const places = await Promise.all(paths.map(async (path) => ({ path, before: identityOf(await statOf(path)) })))
  return {
    read: async () => {
      for (const { path, before } of places) {
        const text = await readNew(path, before)
        if (text !== undefined) return text
      }
      return undefined
    },
    remove: async () => {
      // keepalived writes to one of them: what is new in a later one as well is another's.
      for (const { path, before } of places) {
        if (!isNewDump(await statOf(path), before)) continue
        await rm(path, { force: true })
        return true
      }
      return false
    },
  }
}

/**
 * /tmp is everybody's: what lies there under the dump's name is believed only if it is a file of root's own, that has no
 * other name and was not there before. keepalived makes it with mkostemp and renames it into place; older ones write it anew.
 */
function isNewDump(found: Stats | undefined, before: string): boolean {
  if (found === undefined || !found.isFile() || found.uid !== 0 || found.nlink !== 1) return false
  return identityOf(found) !== before
}

function identityOf(found: Stats | undefined): string {
  return found === undefined ? 'none' : `${found.ino} ${found.mtimeMs}`
}

async function statOf(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch(() => undefined)
}

async function readNew(path: string, before: string): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const found = await file.stat()
      if (!isNewDump(found, before) || found.size > MAX_DUMP_BYTES) return undefined
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
