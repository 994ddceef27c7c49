import { setTimeout as sleep } from 'node:timers/promises'
import type { Spec } from '../../spec/spec.ts'
import { type DrillContext, holder } from '../context.ts'
import { until } from '../lab-agents.ts'

/** One way to break a cluster, and what should come of it. */
export type Fault = {
  name: string
  summary: string
  /** Belongs to a short drill. */
  byDefault: boolean
  /** No request may be lost, of any service but those that the fault itself takes away; see `judge` for the one that may. */
  spares: boolean
  /** How often a VIP should move that the fault concerns. */
  moves: number
  /** Why this cluster cannot have it. */
  whyNot?(spec: Spec): string | undefined
  /** What comes before the measured window. */
  prepare?(context: DrillContext): Promise<void>
  inject(context: DrillContext): Promise<Effect>
  /** Puts things right again, outside the measured window. */
  mend(context: DrillContext): Promise<void>
}

/** What happened in one round, besides what the client saw. `held`: the fault had the effect that it should have. */
export type Effect = {
  held: boolean
  said: string
  /** Holder of the first VIP before and after. */
  from: string
  to: string
  /** How often each VIP should have moved; those that are not named should have stayed. */
  moves: Readonly<Record<string, number>>
  /** Services that the fault itself takes away. */
  taken?: readonly string[]
  /** The longest gap that a client may see. Default: a second. */
  longestGapMs?: number
}

/** What a fault needs to see of a cluster, whatever runs on its balancers. */
export type Seen = Pick<DrillContext, 'lab' | 'spec' | 'holders' | 'signal'>

/** VRRP has long decided by then, and looking more often would take processor time from what is measured. */
export function settledMs({ spec }: Seen): number {
  return Math.max(1_500, 6 * spec.vrrp.advertIntervalMs)
}

/** Waits until VRRP has decided; an interrupted drill waits for nothing more. */
export async function settle(context: Seen): Promise<void> {
  await pause(context, settledMs(context))
}

/** A wait of a fault, which ends with an error where the drill is interrupted. */
export async function pause({ signal }: Pick<Seen, 'signal'>, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal })
}

/** Waits until another balancer than `from` holds the first VIP, but no longer than `withinMs`, and then until it has settled. */
export async function settleAway(context: Seen, from: string, withinMs: number): Promise<string> {
  await waitFor(context, withinMs, () => ![from, 'nobody'].includes(holder(context)))
  await settle(context)
  return holder(context)
}

/** Waits until `node` alone holds the first VIP, but no longer than `withinMs`, and then until it has settled. */
export async function settleBack(context: Seen, node: string, withinMs: number): Promise<string> {
  await waitFor(context, withinMs, () => holder(context) === node)
  await settle(context)
  return holder(context)
}

/** What a fault on `from` did that should move each of its VIPs (or those in `vips`) to the next node. */
export function moved({ spec }: Seen, from: string, to: string, vips: readonly string[] = namesOf(spec)): Effect {
  const held = to !== from && to !== 'nobody' && !to.includes('+')
  const said = held ? `the VIP moved from ${from} to ${to}` : `the VIP of ${from} is held by ${to}`
  return { held, said, from, to, moves: movesFrom(spec, [from], vips) }
}

/** What let the VIPs of `to`, or those in `vips`, come back to it. */
export function cameBack({ spec }: Seen, from: string, to: string, vips?: readonly string[]): Effect {
  const first = spec.vips[0]?.prefer[0] ?? ''
  const held = to === first
  const said = held ? `the VIP came back from ${from} to ${to}` : `the VIP is held by ${to} instead of ${first}`
  return { held, said, from, to, moves: movesFrom(spec, [first], vips ?? namesOf(spec)) }
}

/** What should have moved nothing. */
export function stayed(node: string, now: string, said: string): Effect {
  const held = now === node
  return { held, said: held ? said : `the VIP moved from ${node} to ${now}`, from: node, to: now, moves: {} }
}

/** How often each VIP moves when it leaves the struck nodes one after the other, from its first node on. */
export function movesFrom(
  spec: Spec,
  struck: readonly string[],
  vips: readonly string[] = namesOf(spec),
): Record<string, number> {
  const moves: Record<string, number> = {}
  for (const { name, prefer } of spec.vips) {
    if (!vips.includes(name)) continue
    const down = new Set<string>()
    for (const node of struck) {
      if (prefer.find((candidate) => !down.has(candidate)) === node) moves[name] = (moves[name] ?? 0) + 1
      down.add(node)
    }
  }
  return moves
}

async function waitFor(context: Seen, withinMs: number, test: () => boolean): Promise<void> {
  const deadline = performance.now() + withinMs
  await until('never thrown', withinMs + 1_000, async () => test() || performance.now() > deadline, context.signal)
}

function namesOf(spec: Spec): string[] {
  return spec.vips.map(({ name }) => name)
}
