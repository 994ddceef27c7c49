import { setTimeout as sleep } from 'node:timers/promises'
import { exec, succeeded } from '../exec.ts'
import { type DumpKind, placesOf, readFirst, removeAll } from './dump-file.ts'
import { parseJsonDump } from './dump-json.ts'
import { parseData, parseScripts, parseStats } from './dump-text.ts'
import type { DumpedInstance, DumpedScript } from './dumped.ts'
import type { KeepalivedState } from './watch-keepalived.ts'

/** `scripts`: only when they were asked for. */
export type Dump =
  | { kind: 'instances'; instances: readonly DumpedInstance[]; scripts: readonly DumpedScript[] }
  | { kind: 'unavailable'; reason: string }

export type Dumper = (what?: { scripts: boolean }) => Promise<Dump>

const DUMP_WITHIN_MS = 1_000
const LOOK_EVERY_MS = 10
/** As `keepalived --signum` calls them. */
const SIGNALS = { json: 'JSON', data: 'DATA', stats: 'STATS' } as const

/** Asks keepalived for its state: in JSON, or in its text for people where JSON is not compiled in; see `readDump`. */
export function createDumper(options: { binary: string; configFile: string; keepalived(): KeepalivedState }): Dumper {
  // A package that is upgraded may give a signal another number, but not to the process that runs.
  let asked: { pid: number; numbers: Map<DumpKind, Promise<number | undefined>> } | undefined
  let last: Promise<unknown> = Promise.resolve()
  const dump = async (scripts: boolean): Promise<Dump> => {
    const state = options.keepalived()
    // One that hangs would take each signal when it goes on, and write a dump for each.
    if (state.kind !== 'running') return { kind: 'unavailable', reason: state.reason }
    const { pid } = state
    if (asked?.pid !== pid) asked = { pid, numbers: new Map() }
    const { numbers } = asked
    const signalOf = async (kind: DumpKind): Promise<number | undefined> => {
      const number = numbers.get(kind) ?? signalNumber(options.binary, SIGNALS[kind])
      numbers.set(kind, number)
      return await number
    }
    try {
      return await readDump({ pid, configFile: options.configFile, signalOf, scripts })
    } catch (error) {
      return { kind: 'unavailable', reason: `keepalived cannot be asked: ${(error as Error).message}` }
    }
  }
  // One after the other: all dumps go to the same files, and each asker wants what is true after it has asked.
  return ({ scripts } = { scripts: false }) => {
    const next = last.then(() => dump(scripts))
    last = next.catch(() => undefined)
    return next
  }
}

/** The number of a signal; it differs between builds, and JSON's is absent in those without. */
async function signalNumber(binary: string, name: string): Promise<number | undefined> {
  const result = await exec(binary, [`--signum=${name}`], { timeoutMs: 2_000 })
  const number = Number.parseInt(result.stdout.toString('utf8'), 10)
  return succeeded(result) && Number.isInteger(number) ? number : undefined
}

/**
 * keepalived renames a dump into place before it writes the content. JSON and counters show by themselves when they are
 * whole and are read again until then; the data do not, but keepalived writes one dump after the other, so they are asked
 * for first, and are whole once the next one is there. Throws without the right to signal it, that is, root's.
 */
async function readDump({ pid, configFile, signalOf, scripts }: Question): Promise<Dump> {
  const deadline = performance.now() + DUMP_WITHIN_MS
  const ask = async (kind: DumpKind): Promise<Asked> => {
    const number = await signalOf(kind)
    if (number === undefined) throw new Error(`it knows no signal ${SIGNALS[kind]}`)
    const paths = await placesOf(kind, { pid, configFile })
    await removeAll(paths)
    const askedAtMs = Date.now()
    process.kill(pid, number)
    return { read: () => readFirst(paths, askedAtMs), remove: () => removeAll(paths) }
  }
  const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
    while (performance.now() < deadline) {
      await sleep(LOOK_EVERY_MS)
      const found = await look()
      if (found !== undefined) return found
    }
    throw new Error(`it wrote no whole dump within ${DUMP_WITHIN_MS} ms`)
  }

  const kind = (await signalOf('json')) === undefined ? 'stats' : 'json'
  const files: Asked[] = []
  try {
    let readData = async (): Promise<string> => ''
    if (scripts || kind === 'stats') {
      const data = await ask('data')
      files.push(data)
      await until(data.read)
      readData = async () => (await data.read()) ?? ''
    }
    const file = await ask(kind)
    files.push(file)
    const instances = await until(async () => {
      const text = (await file.read()) ?? ''
      if (kind === 'json') return parseJsonDump(text)
      const counts = parseStats(text)
      return counts === undefined ? undefined : parseData(await readData(), counts)
    })
    return { kind: 'instances', instances, scripts: scripts ? parseScripts(await readData()) : [] }
  } finally {
    // They hold passwords.
    await Promise.all(files.map(({ remove }) => remove()))
  }
}

type Question = {
  pid: number
  configFile: string
  signalOf(kind: DumpKind): Promise<number | undefined>
  scripts: boolean
}

type Asked = { read(): Promise<string | undefined>; remove(): Promise<void> }
