import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Lab } from '../drill/lab.ts'
import { type DrillReport, type DrillStep, runDrill } from '../drill/run-drill.ts'
import type { Spec } from '../spec/spec.ts'
import { chooseFaults, listFaults } from './drill-faults.ts'
import { interruption } from './interruption.ts'
import { paint, table } from './print.ts'
import { readDesired } from './read-desired.ts'
import { refuse, refuseFor } from './refuse.ts'

export type DrillCliOptions = {
  faults?: string
  services?: string
  rounds: string
  every: string
  list?: boolean
  keep?: boolean
  json?: boolean
}

const TEMPLATES = ['templates/haproxy.cfg.j2', 'templates/keepalived.conf.j2'] as const

/**
 * Fails over a whole cluster in network namespaces. 0 = every step held, 1 = one did not, 2 = it cannot run here, 130 = interrupted,
 * also in its last round. With `keep` Ctrl-C is how the drill ends, once all of it is done.
 */
export async function drill(path: string | undefined, options: DrillCliOptions): Promise<number> {
  if (options.list === true) {
    console.log(listFaults())
    return 0
  }
  if (path === undefined) return refuse('drill needs PATH, or --list', options)
  if (process.getuid?.() !== 0)
    return refuse('drill builds network namespaces, which needs root: run it as root, or with sudo', options)
  const faults = chooseFaults(options.faults)
  if (faults.kind === 'unknown')
    return refuse(`no fault is called ${faults.name}; there are:\n${listFaults()}`, options)
  const rounds = Number(options.rounds)
  const everyMs = Number(options.every)
  if (!Number.isInteger(rounds) || rounds < 1 || !(everyMs >= 1 && everyMs <= 1000))
    return refuse('--rounds takes 1 or more, --every 1-1000 ms', options)
  const desired = readDesired(path)
  if (desired.kind === 'problems') return refuseFor(desired.problems, options)
  const services = options.services?.split(',')
  const stranger = services?.find((name) => !desired.spec.services.some((service) => service.name === name))
  if (stranger !== undefined) return refuse(`no service is called ${stranger}; ${whatThereIs(desired.spec)}`, options)
  const signal = interruption()
  const sayItIsHeard = (): void =>
    console.error('lb-agent: interrupted; what is under way ends, then the lab is removed')
  signal.addEventListener('abort', sayItIsHeard, { once: true })
  let isKept = false
  try {
    const report = await runDrill(
      {
        spec: desired.spec,
        text: readFileSync(desired.file, 'utf8'),
        files: ownTemplates(desired.file),
        faults: faults.faults,
        services,
        rounds,
        everyMs,
        onStep: options.json === true ? () => undefined : narrate,
        beforeEnd: async (lab) => {
          if (options.keep !== true) return
          isKept = true
          signal.removeEventListener('abort', sayItIsHeard)
          await keep(lab, signal)
          console.error('lb-agent: the lab is being removed')
        },
      },
      signal,
    )
    if (signal.aborted && !isKept) return interrupted()
    if (options.json === true) console.log(JSON.stringify(report, undefined, 2))
    else console.log(`\n${summary(report)}`)
    return report.faults.every(({ held, rounds: all }) => held === all) ? 0 : 1
  } catch (error) {
    if (signal.aborted) return interrupted()
    console.error(`lb-agent: the drill failed: ${(error as Error).message}; the lab is removed`)
    return 1
  }
}

function interrupted(): number {
  console.error('lb-agent: interrupted; the lab is removed')
  return 130
}

function whatThereIs({ services }: Spec): string {
  return services.length === 0 ? 'lb.yaml describes none' : `lb.yaml has ${services.map(({ name }) => name).join(', ')}`
}

function narrate(step: DrillStep): void {
  switch (step.kind) {
    case 'progress':
      console.log(paint('dim', `… ${step.text}`))
      return
    case 'warning':
      console.error(`lb-agent: ${step.text}`)
      return
    case 'ready':
      console.log(`${paint('green', '✓')} ${step.text} (${(step.tookMs / 1000).toFixed(1)} s from nothing)`)
      return
    case 'skipped':
      console.log(`- ${paint('bold', step.fault)}: left out, ${step.reason}`)
      return
    case 'round': {
      const { held, why, said, sent, failed, gapMs, failures, moves, togetherMs, nobodyMs } = step.result
      const words = Object.entries(failures).map(([word, count]) => `${count} ${word}`)
      const lost = failed === 0 ? '0 failed' : `${failed} failed (${words.join(', ')})`
      console.log(`${held ? paint('green', '✓') : paint('red', '✗')} ${paint('bold', step.fault)}: ${said}`)
      for (const reason of why.filter((text) => text !== said)) console.log(`  ${paint('red', reason)}`)
      console.log(`  the client sent ${sent} requests, ${lost}, longest gap ${gapMs} ms`)
      const moved = moves === 1 ? '1 move' : `${moves} moves`
      console.log(`  ${moved} of a VIP, two nodes held it for ${togetherMs} ms, nobody for ${nobodyMs} ms`)
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
    fault.gapMs.p99.toFixed(1),
    fault.gapMs.max.toFixed(1),
    fault.moves.min === fault.moves.max ? String(fault.moves.max) : `${fault.moves.min}-${fault.moves.max}`,
    fault.togetherMs.max.toFixed(1),
    fault.nobodyMs.max.toFixed(1),
    fault.from === fault.to ? fault.from : `${fault.from} -> ${fault.to}`,
  ])
  const head = [
    ...['fault', 'held', 'sent', 'failed', 'gap ms p50', 'p99', 'max'],
    ...['moves', 'two hold ms', 'nobody ms', 'first VIP'],
  ]
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
