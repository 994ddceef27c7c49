import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { parseStateFile, type StateRead } from '../state-file.ts'
import { syncDirectory, writeDurably } from '../write-file.ts'
import type { Release } from './release.ts'

export type ReleaseStore = {
  /** Puts a release on disk, whole or not at all. A release that is there already is left alone. */
  put(release: Release): Promise<void>
  /**
   * Undefined when it is not there, or damaged. Throws when only a newer lb-agent can tell what is expected of it, and
   * `ReleaseUnreadable` when it may be well and cannot be read now.
   */
  get(id: string): Promise<Release | undefined>
  /** What is expected of a release that was put, got or amended: kept in memory, so that nobody waits for the disk. */
  expectation(id: string): Release['expectation'] | undefined
  /** What is expected of a stored release has changed, its files have not. */
  amend(release: Release): Promise<void>
  /** Path of one file of a stored release, for the daemons' own checks. */
  path(id: string, file: keyof Release['files']): string
  /** Removes all but the named releases, hand-written ones, and the newest few. */
  prune(keep: readonly string[]): Promise<void>
}

/** The file system does not give a release that may be whole (EIO, EMFILE …): whoever took it for none would act on a lie. */
export class ReleaseUnreadable extends Error {
  override name = 'ReleaseUnreadable'
}

const FILE_NAMES = { haproxy: 'haproxy.cfg', keepalived: 'keepalived.conf' } as const
const KEPT_BESIDES = 8

const recordSchema = z.object({
  id: z.string(),
  revision: z.string(),
  renderedBy: z.string().default(''),
  node: z.string().default(''),
  foreign: z.boolean(),
  digests: z.object({ haproxy: z.string(), keepalived: z.string() }),
  expectation: z.object({
    healthPort: z.number(),
    // Defaults are for releases that an older agent has stored: a new one must go on with them. A choice of a newer agent
    // that this one does not know counts as the default, until this one has rendered the revision itself.
    cluster: z.string().default(''),
    haproxyMetrics: z.enum(['builtin', 'agent']).catch('builtin'),
    advertIntervalMs: z.number().default(1_000),
    failbackMs: z.union([z.number(), z.literal('manual')]).catch(10_000),
    dampingMs: z.number().default(2_000),
    peers: z.array(z.object({ name: z.string(), address: z.string() })).default([]),
    vips: z.array(
      z.object({
        name: z.string(),
        address: z.string(),
        virtualRouterId: z.number(),
        basePriority: z.number(),
        interface: z.string(),
        prefer: z.array(z.string()),
        requireHealthyOnce: z.boolean().default(false),
        prefixLength: z.number().nullable().default(null),
        extraAddresses: z.array(z.object({ address: z.string(), prefixLength: z.number() })).default([]),
      }),
    ),
    services: z.array(
      z.object({
        name: z.string(),
        vip: z.string(),
        address: z.string(),
        port: z.number(),
        backend: z.string(),
        servers: z.number(),
        minimumServers: z.number().default(1),
      }),
    ),
  }),
})

/** Releases below `directory`, one folder each, named by id. */
export function createReleaseStore(directory: string): ReleaseStore {
  const path: ReleaseStore['path'] = (id, file) => join(directory, id, FILE_NAMES[file])
  const expectations = new Map<string, Release['expectation']>()
  const know = ({ id, expectation }: Pick<Release, 'id' | 'expectation'>): void => {
    expectations.set(id, expectation)
  }
  return {
    path,
    expectation: (id) => expectations.get(id),
    put: async (release) => {
      const final = join(directory, release.id)
      const staging = join(directory, `.staging-${release.id}`)
      await mkdir(directory, { recursive: true, mode: 0o750 })
      // A record that a newer agent has left under this id is written anew: the files are the same.
      const stored = await readRecord(final)
      if (stored.kind === 'read') return know(stored.value)
      await rm(staging, { recursive: true, force: true })
      await rm(final, { recursive: true, force: true })
      await mkdir(staging, { mode: 0o750 })
      await writeDurably(join(staging, FILE_NAMES.haproxy), release.files.haproxy, 0o640)
      await writeDurably(join(staging, FILE_NAMES.keepalived), release.files.keepalived, 0o640)
      await writeRecord(staging, release)
      await rename(staging, final)
      await syncDirectory(directory)
      know(release)
    },
    get: async (id) => {
      const cannot = (reason: string): string => `release ${id} in ${directory} cannot be read: ${reason}`
      const [found, haproxy, keepalived] = await Promise.all([
        readRecord(join(directory, id)),
        readOptional(path(id, 'haproxy')),
        readOptional(path(id, 'keepalived')),
      ]).catch((error: Error) => {
        throw new ReleaseUnreadable(cannot(error.message))
      })
      if (found.kind === 'unreadable' && found.why === 'newer') throw new Error(cannot(found.reason))
      if (found.kind === 'unreadable' || haproxy === undefined || keepalived === undefined) return undefined
      know(found.value)
      return { ...found.value, files: { haproxy, keepalived } }
    },
    amend: async (release) => {
      await writeRecord(join(directory, release.id), release)
      know(release)
    },
    prune: async (keep) => {
      const names = await readdir(directory).catch(() => [])
      const ages = await Promise.all(
        names.map(async (name) => ({ name, at: (await readRecordTime(join(directory, name))) ?? 0 })),
      )
      const old = ages
        .filter(({ name }) => !keep.includes(name) && !name.startsWith('foreign-'))
        .sort((a, b) => b.at - a.at)
        .slice(KEPT_BESIDES)
      for (const { name } of old) expectations.delete(name)
      await Promise.all(old.map(({ name }) => rm(join(directory, name), { recursive: true, force: true })))
    },
  }
}

function writeRecord(folder: string, { files: _, ...record }: Release): Promise<void> {
  return writeDurably(join(folder, 'release.json'), `${JSON.stringify(record, undefined, 2)}\n`, 0o640)
}

/** A record that is not there is a damaged one. Throws what else the file system says: that is no word on the record. */
async function readRecord(folder: string): Promise<StateRead<z.output<typeof recordSchema>>> {
  const text = await readOptional(join(folder, 'release.json'))
  if (text === undefined) return { kind: 'unreadable', why: 'damaged', reason: `${folder} has no release.json` }
  return parseStateFile(text, recordSchema)
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function readRecordTime(folder: string): Promise<number | undefined> {
  return (await stat(join(folder, 'release.json')).catch(() => undefined))?.mtimeMs
}
