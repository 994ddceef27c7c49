import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { exec, succeeded } from '../exec.ts'
import type { KeepalivedState } from './watch-keepalived.ts'

/** One VRRP instance as keepalived reports it. Of the dump only these fields leave this file: it also holds passwords. */
export type DumpedInstance = {
  name: string
  virtualRouterId: number
  state: 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT'
  basePriority: number
  effectivePriority: number
  addresses: readonly string[]
  counts: InstanceCounts
}

/** What an instance has counted since its keepalived started; a field that this keepalived does not tell is undefined. */
export type InstanceCounts = Readonly<Record<keyof typeof COUNTS, number | undefined>>

/** Names in the dump (2.2.7, vrrp_json.c). */
const COUNTS = {
  advertisementsReceived: 'advert_rcvd',
  advertisementsSent: 'advert_sent',
  becameMaster: 'become_master',
  releasedMaster: 'release_master',
  packetLengthErrors: 'packet_len_err',
  intervalErrors: 'advert_interval_err',
  ttlErrors: 'ip_ttl_err',
  invalidTypes: 'invalid_type_rcvd',
  addressListErrors: 'addr_list_err',
  authenticationInvalid: 'invalid_authtype',
  authenticationMismatch: 'authtype_mismatch',
  authenticationFailures: 'auth_failure',
  priorityZeroReceived: 'pri_zero_rcvd',
  priorityZeroSent: 'pri_zero_sent',
} as const

export type Dump = { kind: 'instances'; instances: readonly DumpedInstance[] } | { kind: 'unavailable'; reason: string }

const STATES = ['INIT', 'BACKUP', 'MASTER', 'FAULT'] as const
const MAX_DUMP_BYTES = 8 * 1024 * 1024

const dumpSchema = z.array(
  z.object({
    data: z.object({
      iname: z.string(),
      vrid: z.number(),
      state: z.number(),
      base_priority: z.number(),
      effective_priority: z.number(),
      vips: z.array(z.string()).optional(),
      evips: z.array(z.string()).optional(),
    }),
    stats: z.record(z.string(), z.unknown()).optional(),
  }),
)

const DUMP_WITHIN_MS = 1_000

/** Asks keepalived for its state; see `readDump`. */
export function createDumper(options: {
  binary: string
  keepalived(): KeepalivedState
  directory: string
}): () => Promise<Dump> {
  // A package that is upgraded may give the signal another number, but not to the process that runs.
  let asked: { pid: number; number: Promise<number | undefined> } | undefined
  let last: Promise<unknown> = Promise.resolve()
  const dump = async (): Promise<Dump> => {
    const state = options.keepalived()
    // One that hangs would take each signal when it goes on, and write a dump for each.
    if (state.kind !== 'running') return { kind: 'unavailable', reason: state.reason }
    if (asked?.pid !== state.pid) asked = { pid: state.pid, number: dumpSignal(options.binary) }
    const number = await asked.number
    if (number === undefined) return { kind: 'unavailable', reason: 'this keepalived was built without JSON' }
    return await readDump({ pid: state.pid, signalNumber: number, directory: options.directory })
  }
  // One after the other: all dumps go to the same file, and each asker wants what is true after it has asked.
  return () => {
    const next = last.then(dump)
    last = next.catch(() => undefined)
    return next
  }
}

/** The number of keepalived's dump signal; it differs between builds and is absent in those without JSON. */
async function dumpSignal(binary: string): Promise<number | undefined> {
  const result = await exec(binary, ['--signum=JSON'], { timeoutMs: 2_000 })
  const number = Number.parseInt(result.stdout.toString('utf8'), 10)
  return succeeded(result) && Number.isInteger(number) ? number : undefined
}

/**
 * Asks a running keepalived for its state. keepalived renames the dump into place before it writes its content, so a
 * dump that does not parse yet is read again until the deadline. Needs the right to signal it, that is, root.
 */
async function readDump(options: { pid: number; signalNumber: number; directory: string }): Promise<Dump> {
  const file = join(options.directory, 'keepalived.json')
  try {
    await rm(file, { force: true })
    process.kill(options.pid, options.signalNumber)
  } catch (error) {
    return { kind: 'unavailable', reason: `keepalived cannot be asked: ${(error as Error).message}` }
  }
  const deadline = performance.now() + DUMP_WITHIN_MS
  while (performance.now() < deadline) {
    await sleep(10)
    const instances = await readInstances(file)
    if (instances !== undefined) return { kind: 'instances', instances }
  }
  return { kind: 'unavailable', reason: `keepalived wrote no dump within ${DUMP_WITHIN_MS} ms` }
}

async function readInstances(path: string): Promise<DumpedInstance[] | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const { size } = await file.stat()
      if (size === 0 || size > MAX_DUMP_BYTES) return undefined
      const dump = dumpSchema.parse(JSON.parse(await file.readFile('utf8')))
      return dump.map(({ data, stats }) => ({
        name: data.iname,
        virtualRouterId: data.vrid,
        state: STATES[data.state] ?? 'INIT',
        basePriority: data.base_priority,
        effectivePriority: data.effective_priority,
        addresses: [...(data.vips ?? []), ...(data.evips ?? [])],
        counts: countsOf(stats ?? {}),
      }))
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

function countsOf(stats: Readonly<Record<string, unknown>>): InstanceCounts {
  const counts = Object.entries(COUNTS).map(([field, name]) => {
    const value = stats[name]
    return [field, typeof value === 'number' ? value : undefined]
  })
  return Object.fromEntries(counts)
}
