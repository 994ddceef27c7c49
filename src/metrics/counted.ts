import { Counter, Histogram, type Registry } from 'prom-client'
import type { PassRecord } from '../pass-record.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { createGauge } from './samples.ts'

/** What is counted from events; every label has a handful of values. */
export type Counted = {
  event(event: TimelineEvent): void
  /** Events of earlier agents, oldest first: of them only the last rollback still counts. */
  earlier(events: readonly TimelineEvent[]): void
  pass(pass: PassRecord): void
  /** How long HAProxy took to answer /alive, in ms. */
  answered(ms: number): void
}

/** The probe's deadline is 150 ms by default. */
const PROBE_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.5, 1]
/** A counter that begins with its first event has not risen: these are there from the start, with 0. */
const DAEMONS = ['haproxy', 'keepalived'] as const
const ROLLED_BACK_AT = [
  'activate',
  'reload haproxy',
  'confirm haproxy',
  'reload keepalived',
  'confirm keepalived',
  'watch',
] as const

/** A reload takes a tenth of a second, a confirm window some seconds. */
const STAGE_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createCounted(registry: Registry): Counted {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `lb_agent_${name}`, help, labelNames: [...labelNames], registers })
  const transitions = counter('vrrp_transitions_total', 'Changes of state that keepalived told.', ['vip', 'from', 'to'])
  const gateChanges = counter('gate_changes_total', 'How often the gate opened or closed.', ['to'])
  const deaths = counter('daemon_deaths_total', 'Ends of a daemon that nobody asked for.', ['daemon'])
  const releases = counter('releases_total', 'How putting revisions live ended.', ['result'])
  const rollbacks = counter('rollbacks_total', 'Releases that were rolled back, by the stage that failed.', ['stage'])
  for (const stage of ROLLED_BACK_AT) rollbacks.inc({ stage }, 0)
  for (const daemon of DAEMONS) deaths.inc({ daemon }, 0)
  const passes = counter('passes_total', 'Walks from the repository to the daemons, by their end.', ['result'])
  const reloads = counter('reloads_total', 'Reloads of a daemon; ok: it was seen to run the release.', [
    'daemon',
    'result',
  ])
  for (const daemon of DAEMONS) for (const result of ['ok', 'failed']) reloads.inc({ daemon, result }, 0)
  const rolledBackAt = createGauge(registry, 'lb_agent_rollback_time_seconds', 'When a release was rolled back last.')
  const stages = new Histogram({
    name: 'lb_agent_stage_duration_seconds',
    help: 'How long a stage of a pass took.',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS,
    registers,
  })
  const probes = new Histogram({
    name: 'lb_agent_probe_duration_seconds',
    help: 'How long HAProxy took to answer the agent.',
    buckets: PROBE_BUCKETS,
    registers,
  })

  return {
    earlier: (events) => {
      const last = events.findLast((event) => event.kind === 'release' && event.result === 'rolled back')
      if (last !== undefined) rolledBackAt.set({}, last.atMs / 1000)
    },
    event: (event) => {
      switch (event.kind) {
        case 'vrrp':
          transitions.inc({ vip: event.vip, from: event.from, to: event.to })
          return
        case 'gate':
          gateChanges.inc({ to: event.open ? 'open' : 'closed' })
          return
        case 'daemon':
          if (event.what === 'died') deaths.inc({ daemon: event.unit })
          return
        case 'release':
          releases.inc({ result: event.result })
          if (event.result !== 'rolled back') return
          rollbacks.inc({ stage: event.stage })
          rolledBackAt.set({}, event.atMs / 1000)
          return
        case 'score':
        case 'drain':
        case 'suspend':
        case 'agent':
        case 'clock':
          return
        default:
          event satisfies never
      }
    },
    pass: ({ result, stages: ended }) => {
      passes.inc({ result: result.kind })
      for (const { stage, outcome, durationMs } of ended) {
        stages.observe({ stage }, durationMs / 1000)
        const [what, daemon] = stage.split(' ')
        // A reload that was accepted is judged by what confirms it.
        const counts = what === 'confirm' || (what === 'reload' && outcome === 'failed')
        if (daemon !== undefined && counts) reloads.inc({ daemon, result: outcome })
      }
    },
    answered: (ms) => probes.observe(ms / 1000),
  }
}
