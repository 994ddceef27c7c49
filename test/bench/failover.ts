// Failing over: hand-written pairs and lb-agent, the same faults, one run. Sections can be chosen.
//   npm run bench:failover -- [--sections failover,idle,busy,check] [--rounds 50] [--few 10] [--hand-rounds 3]
//                             [--busy 10] [--sides LIST] [--faults LIST] [--out FILE.json] [--svg FILE.svg]
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, release } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { removeLeftovers } from '../../src/drill/lab.ts'
import { exec } from '../../src/exec.ts'
import { formatCheck, measureCheck } from './check-cost.ts'
import { formatRows, type Row, toRow } from './failover-report.ts'
import { drawFailover } from './failover-svg.ts'
import { handWritten, keepalivedBest } from './hand-files.ts'
import { formatBusy, formatIdle, measureBusy, measureIdle } from './idle-busy.ts'
import { type Side, startAgentSide, startHandSide } from './sides.ts'

const SECTIONS = ['failover', 'idle', 'busy', 'check'] as const
const COMMON = ['no-fault', 'haproxy-kill', 'haproxy-hang', 'keepalived-term', 'keepalived-kill', 'node-cut', 'drain']
const OURS = [
  ...['backends-down-here', 'failing-back', 'node-heal', 'agent-kill', 'agent-hang', 'agent-upgrade'],
  ...['backends-down-everywhere', 'haproxy-reload', 'haproxy-kill-without-agent'],
]
/** The two faults whose percentiles need many rounds. */
const MANY = new Set(['haproxy-kill', 'haproxy-hang'])
/** Rounds that take half a minute or more. */
const LONG = new Set(['agent-hang', 'agent-kill', 'agent-upgrade', 'backends-down-everywhere', 'haproxy-reload'])

type Options = {
  sections: readonly string[]
  sides: readonly string[] | undefined
  faults: readonly string[] | undefined
  rounds: number
  few: number
  handRounds: number
  busyMinutes: number
  out: string
  svg: string
}

type Plan = { name: string; faults: readonly string[]; rounds(fault: string): number; start(): Promise<Side> }

/** 0 = measured, 2 = it cannot run here. */
async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) {
    console.error(
      `bench:failover: --sections of ${SECTIONS.join(',')}; --rounds, --few, --hand-rounds N; --busy MINUTES; --sides, --faults LIST; --out, --svg FILE`,
    )
    return 2
  }
  if (process.getuid?.() !== 0) {
    console.error('bench:failover builds network namespaces, which needs root: run it as root, or with sudo')
    return 2
  }
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort(new Error('interrupted')))
  for (const text of (await removeLeftovers()).remaining) console.error(`bench:failover: ${text}`)
  const record: Record<string, unknown> = { machine: await describeMachine(), at: new Date().toISOString() }
  const write = (): void => {
    mkdirSync(dirname(options.out), { recursive: true })
    writeFileSync(options.out, `${JSON.stringify(record, undefined, 1)}\n`)
  }
  const keep = <T>(name: string, value: T): T => {
    record[name] = value
    return value
  }
  const sections: Record<(typeof SECTIONS)[number], () => Promise<string>> = {
    failover: async () => {
      const rows = await measureFailover(options, ending.signal, (all) => {
        keep('failover', all)
        write()
      })
      mkdirSync(dirname(options.svg), { recursive: true })
      writeFileSync(options.svg, drawFailover(rows))
      return formatRows(rows)
    },
    idle: async () => formatIdle(keep('idle', await measureIdle(ending.signal))),
    busy: async () => formatBusy(keep('busy', await measureBusy(options.busyMinutes, ending.signal))),
    check: async () => formatCheck(keep('check', await measureCheck(ending.signal))),
  }
  for (const section of SECTIONS) {
    if (!options.sections.includes(section)) continue
    console.log(`\n${section}\n${await sections[section]()}`)
    write()
  }
  return 0
}

async function measureFailover(
  options: Options,
  signal: AbortSignal,
  onRows: (rows: readonly Row[]) => void,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const plan of plansOf(options, signal)) {
    const side = await plan.start()
    try {
      for (const fault of plan.faults) {
        const rounds = []
        for (let round = 1; round <= plan.rounds(fault); round += 1) {
          signal.throwIfAborted()
          rounds.push(await side.round(fault))
        }
        const row = toRow(plan.name, fault, rounds)
        rows.push(row)
        const gap = row.never === row.rounds ? 'never' : `${row.gapMs.p50} ms`
        console.error(`${plan.name}, ${fault}: ${row.rounds} rounds, gap p50 ${gap}, ${row.failed} failed`)
        onRows(rows)
      }
    } finally {
      await side.close()
    }
  }
  return rows.sort((a, b) => order(a.fault) - order(b.fault))
}

function plansOf(options: Options, signal: AbortSignal): Plan[] {
  const { rounds, few, handRounds } = options
  const wanted = (faults: readonly string[]): string[] =>
    faults.filter((fault) => options.faults?.includes(fault) ?? true)
  const byHand = [handWritten(-10), handWritten(-20), keepalivedBest].map(
    (style): Plan => ({
      name: style.name,
      faults: wanted(COMMON),
      rounds: () => handRounds,
      start: () => startHandSide(style, signal),
    }),
  )
  const ours = (fault: string): number => (MANY.has(fault) ? rounds : LONG.has(fault) ? Math.ceil(few / 5) : few)
  const agents: Plan[] = [
    {
      name: 'lb-agent',
      faults: wanted([...COMMON, ...OURS]),
      rounds: ours,
      start: () => startAgentSide('100ms', signal),
    },
    {
      name: 'lb-agent, advert 30 ms',
      faults: wanted(['node-cut']),
      rounds: () => few,
      start: () => startAgentSide('30ms', signal),
    },
  ]
  return [...byHand, ...agents].filter(
    ({ name, faults }) => faults.length > 0 && (options.sides?.some((side) => name.includes(side)) ?? true),
  )
}

function order(fault: string): number {
  return [...COMMON, ...OURS].indexOf(fault)
}

async function describeMachine(): Promise<Record<string, string | number>> {
  const said = async (program: string): Promise<string> => {
    const { stdout, stderr } = await exec(program, ['-v'], { timeoutMs: 5_000 })
    return `${stdout.toString('utf8')}${stderr}`.split('\n')[0] ?? ''
  }
  return {
    cores: availableParallelism(),
    kernel: `${release()} ${arch()}`,
    haproxy: await said('haproxy'),
    keepalived: await said('keepalived'),
    node: process.version,
  }
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        sections: { type: 'string', default: SECTIONS.join(',') },
        sides: { type: 'string' },
        faults: { type: 'string' },
        rounds: { type: 'string', default: '50' },
        few: { type: 'string', default: '10' },
        'hand-rounds': { type: 'string', default: '3' },
        busy: { type: 'string', default: '10' },
        out: { type: 'string', default: 'test/bench/results/failover.json' },
        svg: { type: 'string', default: 'docs/failover.svg' },
      },
    })
    const sections = values.sections.split(',')
    const [rounds, few, handRounds] = [Number(values.rounds), Number(values.few), Number(values['hand-rounds'])]
    const busyMinutes = Number(values.busy)
    const counts = [rounds, few, handRounds].every((count) => Number.isInteger(count) && count >= 1)
    const known = sections.every((section) => SECTIONS.some((name) => name === section))
    if (!counts || !known || !(busyMinutes > 0)) return undefined
    const { out, svg } = values
    return {
      ...{ sections, rounds, few, handRounds, busyMinutes, out, svg },
      sides: values.sides?.split(','),
      faults: values.faults?.split(','),
    }
  } catch {
    return undefined
  }
}

process.exitCode = await main().catch((error: Error) => {
  console.error(`bench:failover: ${error.message}; the lab is removed`)
  return 1
})
