import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FAULTS } from '../drill/faults.ts'
import type { Lab } from '../drill/lab.ts'
import { type DrillReport, type DrillStep, runDrill } from '../drill/run-drill.ts'
import { paint, printProblems, table } from './print.ts'
import { readDesired } from './read-desired.ts'

export type DrillCliOptions = { faults?: string; rounds: string; every: string; keep?: boolean; json?: boolean }

const TEMPLATES = ['templates/haproxy.cfg.j2', 'templates/keepalived.conf.j2'] as const

/** Fails over a whole cluster in network namespaces. 0 = every step held, 1 = one did not, 2 = it cannot run here. */
export async function drill(path: string, options: DrillCliOptions): Promise<number> {
  if (process.getuid?.() !== 0) {
    console.error('lb-agent: drill builds network namespaces, which needs root: run it as root, or with sudo')
    return 2
  }
  const desired = readDesired(path)
  if (desired.kind === 'problems') {
    printProblems(desired.problems)
    return 1
  }
  const faults = options.faults?.split(',') ?? FAULTS.map(({ name }) => name)
  const unknown = faults.filter((name) => !FAULTS.some((fault) => fault.name === name))
  const rounds = Number(options.rounds)
  const everyMs = Number(options.every)
  if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1 || !(everyMs >= 1 && everyMs <= 1000)) {
    const known = FAULTS.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join('\n')
    console.error(`lb-agent: --faults takes a list of these, --rounds 1 or more, --every 1-1000 ms:\n${known}`)
    return 2
  }
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => ending.abort(new Error('interrupted')))
  try {
    const report = await runDrill(
      {
        spec: desired.spec,
        text: readFileSync(desired.file, 'utf8'),
        files: ownTemplates(desired.file),
        faults,
        rounds,
        everyMs,
        onStep: options.json === true ? () => undefined : narrate,
        beforeEnd: (lab) => (options.keep === true ? keep(lab, ending.signal) : Promise.resolve()),
      },
      ending.signal,
    )
    if (options.json === true) console.log(JSON.stringify(report, undefined, 2))
    else console.log(`\n${summary(report)}`)
    return report.faults.every(({ held, rounds: all }) => held === all) ? 0 : 1
  } catch (error) {
    if (ending.signal.aborted) {
      console.error('lb-agent: interrupted; the lab is removed')
      return 130
    }
    console.error(`lb-agent: the drill failed: ${(error as Error).message}; the lab is removed`)
    return 1
  }
}

function narrate(step: DrillStep): void {
  switch (step.kind) {
    case 'progress':
      console.log(paint('dim', `… ${step.text}`))
      return
    case 'ready':
      console.log(`${paint('green', '✓')} ${step.text} (${(step.tookMs / 1000).toFixed(1)} s from nothing)`)
      return
    case 'round': {
      const { held, said, sent, failed, gapMs, failures } = step.result
      const words = Object.entries(failures).map(([word, count]) => `${count} ${word}`)
      const lost = failed === 0 ? '0 failed' : `${failed} failed (${words.join(', ')})`
      console.log(`${held ? paint('green', '✓') : paint('red', '✗')} ${paint('bold', step.fault)}: ${said}`)
      console.log(`  the client sent ${sent} requests, ${lost}, longest gap ${gapMs} ms`)
      return
    }
    default:
      step satisfies never
  }
}

function summary(report: DrillReport): string {
  const rows = report.faults.map((fault) => [
    fault.fault,
    `${fault.held}/${fault.rounds}`,
    String(fault.sent),
    String(fault.failed),
    fault.gapMs.p50.toFixed(1),
    fault.gapMs.max.toFixed(1),
    fault.from === fault.to ? fault.from : `${fault.from} -> ${fault.to}`,
  ])
  const head = ['fault', 'held', 'sent', 'failed', 'gap ms p50', 'max', 'first VIP']
  return table([head.map((text) => paint('dim', text)), ...rows])
}

/** Waits for Ctrl-C with the lab up. */
async function keep(lab: Lab, signal: AbortSignal): Promise<void> {
  console.error(`
the lab stays until Ctrl-C. In another terminal, as root:
  ip netns list                                        its machines
  ip netns exec ${lab.network.namespace('NODE')} ip address             what NODE holds
  ip netns exec ${lab.network.namespace('NODE')} ${lab.directory}/bin/lb-agent status --config ${lab.nodeDirectory('NODE')}/agent.yaml
  less ${lab.nodeDirectory('NODE')}/state/keepalived.log
  git clone ${lab.directory}/config.git               push to it: the agents follow within 30 s`)
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function ownTemplates(file: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of TEMPLATES) {
    const path = join(dirname(file), name)
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) found[name] = readFileSync(path, 'utf8')
  }
  return found
}
