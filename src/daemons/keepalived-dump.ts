import { setTimeout as sleep } from 'node:timers/promises'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { createTurns } from '../in-turn.ts'
import { outlives } from '../proc.ts'
import { type DumpKind, type ExpectedDump, expectDump, placesOf } from './dump-file.ts'
import { parseJsonDump } from './dump-json.ts'
import { parseData, parseScripts, parseStats } from './dump-text.ts'
import type { DumpedInstance, DumpedScript } from './dumped.ts'
import type { KeepalivedState } from './watch-keepalived.ts'

/** `pid`: the keepalived that has counted so. `scripts`: only when they were asked for. */
export type Dump =
  | { kind: 'instances'; pid: number; instances: readonly DumpedInstance[]; scripts: readonly DumpedScript[] }
  | { kind: 'unavailable'; reason: string }

export type Dumper = (what?: { scripts: boolean }) => Promise<Dump>

const DUMP_WITHIN_MS = 1_000
const LOOK_EVERY_MS = 10
/** A dump that was not there in time is looked for after these. */
const REMOVE_LATER_MS: readonly number[] = [1_000, 5_000, 30_000]
/** As `keepalived --signum` calls them. */
const SIGNALS = { json: 'JSON', data: 'DATA', stats: 'STATS' } as const

/** Asks keepalived for its state: in JSON, or in its text for people where JSON is not compiled in; see `readDump`. */
export function createDumper(options: { binary: string; configFile: string; keepalived(): KeepalivedState }): Dumper {
  // A package that is upgraded may give a signal another number, but not to the process that runs.
  let known: { pid: number; numbers: Map<DumpKind, number | 'none'> } | undefined
  // All dumps go to the same files, and each asker wants what is true after it has asked.
  const inTurn = createTurns()
  const removeLater = (dump: ExpectedDump, [delayMs, ...delaysMs]: readonly number[] = REMOVE_LATER_MS): void => {
    if (delayMs === undefined) return
    const remove = async (): Promise<void> => {
      if (!(await dump.remove())) removeLater(dump, delaysMs)
    }
    setTimeout(() => void inTurn(remove).catch(() => undefined), delayMs).unref()
  }
  const dump = async (scripts: boolean): Promise<Dump> => {
    const state = options.keepalived()
    // One that hangs would take each signal when it goes on, and write a dump for each.
    if (state.kind !== 'running') return { kind: 'unavailable', reason: state.reason }
    const { pid } = state
    if (known?.pid !== pid) known = { pid, numbers: new Map() }
    const { numbers } = known
    const signalOf = async (kind: DumpKind): Promise<number | 'none'> => {
      const number = numbers.get(kind) ?? (await signalNumber(options.binary, SIGNALS[kind]))
      numbers.set(kind, number)
      return number
    }
    try {
      return await readDump({ pid, configFile: options.configFile, signalOf, scripts, removeLater })
    } catch (error) {
      return { kind: 'unavailable', reason: `keepalived cannot be asked: ${(error as Error).message}` }
    }
  }
  return ({ scripts } = { scripts: false }) => inTurn(() => dump(scripts))
}

/**
 * The number of a signal; it differs between builds, and JSON's is absent in those without (`none`). Throws when keepalived
 * did not come to say it, as under load: that says nothing of its build.
 */
async function signalNumber(binary: string, name: string): Promise<number | 'none'> {
  const result = await exec(binary, [`--signum=${name}`], { timeoutMs: 2_000 })
  if (result.kind !== 'exited') throw new Error(`keepalived --signum=${name}: ${describeFailure(result)}`)
  const number = Number.parseInt(result.stdout.toString('utf8'), 10)
  return succeeded(result) && Number.isInteger(number) ? number : 'none'
}

/**
 * keepalived renames a dump into place before it writes the content. JSON and counters show by themselves when they are
 * whole and are read again until then; the data do not, but keepalived writes one dump after the other, so they are asked
 * for first, and are whole once the next one is there. Throws without the right to signal it, that is, root's.
 */
async function readDump({ pid, configFile, signalOf, scripts, removeLater }: Question): Promise<Dump> {
  const jsonSignal = await signalOf('json')
  const [kind, signal] =
    jsonSignal === 'none' ? (['stats', await signalOf('stats')] as const) : (['json', jsonSignal] as const)
  const dataSignal = scripts || kind === 'stats' ? await signalOf('data') : undefined
  const deadline = performance.now() + DUMP_WITHIN_MS
  const asked: ExpectedDump[] = []
  const ask = async (kind: DumpKind, number: number | 'none'): Promise<ExpectedDump> => {
    if (number === 'none') throw new Error(`it knows no signal ${SIGNALS[kind]}`)
    const dump = await expectDump(await placesOf(kind, { pid, configFile }))
    // One that has just been started would be ended by it.
    if (!outlives(pid, number)) throw new Error('it does not take the signal yet')
    process.kill(pid, number)
    asked.push(dump)
    return dump
  }
  const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
    while (performance.now() < deadline) {
      await sleep(LOOK_EVERY_MS)
      const found = await look()
      if (found !== undefined) return found
    }
    throw new Error(`it wrote no whole dump within ${DUMP_WITHIN_MS} ms`)
  }

  try {
    let readData = async (): Promise<string> => ''
    if (dataSignal !== undefined) {
      const data = await ask('data', dataSignal)
      await until(data.read)
      readData = async () => (await data.read()) ?? ''
    }
    const file = await ask(kind, signal)
    const instances = await until(async () => {
      const text = (await file.read()) ?? ''
      if (kind === 'json') return parseJsonDump(text)
      const counts = parseStats(text)
      return counts === undefined ? undefined : parseData(await readData(), counts)
    })
    return { kind: 'instances', pid, instances, scripts: scripts ? parseScripts(await readData()) : [] }
  } finally {
    // They hold passwords, and one that comes too late does, too.
    for (const dump of asked) if (!(await dump.remove())) removeLater(dump)
  }
}

type Question = {
  pid: number
  configFile: string
  signalOf(kind: DumpKind): Promise<number | 'none'>
  scripts: boolean
  removeLater(dump: ExpectedDump): void
}
