import { setTimeout as sleep } from 'node:timers/promises'
import type { ExpectedVip } from '../render/expectation.ts'
import type { DumpedInstance } from './dumped.ts'
import type { Dumper } from './keepalived-dump.ts'
import type { Outcome, Unit } from './unit.ts'
import type { KeepalivedState } from './watch-keepalived.ts'
import { whatItSaid } from './what-it-said.ts'

const LOOK_EVERY_MS = 20

export type KeepalivedConfirmer = {
  /** Forgets which instances have reported; to be called before the reload. */
  prepare(): void
  /** Waits until keepalived runs exactly `expected`. */
  confirm(expected: readonly ExpectedVip[], timeoutMs: number, signal: AbortSignal): Promise<Outcome>
}

export type KeepalivedProofs = {
  unit: Pick<Unit, 'mark' | 'printedSince'>
  keepalived(): KeepalivedState
  /** keepalived's own dump of what it runs. */
  dump: Dumper
  /** Instances that have said anything through the FIFO since the last `forget`. */
  reports: { names(): ReadonlySet<string>; forget(): void }
  /** Kernel truth: this node has the address. */
  holds(address: string): boolean
}

/**
 * Proves a reload of keepalived, which has no answer of its own. Where the agent may ask for a dump, it must list exactly
 * the expected instances, virtual router ids, base priorities and addresses. Elsewhere each instance must report again
 * through the FIFO (`fifo_write_vrrp_states_on_reload`), unless it holds its address: a MASTER that stays one may have
 * nothing to report (2.2.7).
 */
export function createKeepalivedConfirmer(options: KeepalivedProofs): KeepalivedConfirmer {
  let mark = 0
  return {
    prepare: () => {
      options.reports.forget()
      mark = options.unit.mark()
    },
    confirm: async (expected, timeoutMs, signal) => {
      const deadline = performance.now() + timeoutMs
      let missing = 'it has reported no instance'
      while (performance.now() < deadline && !signal.aborted) {
        missing = await difference(expected, options)
        if (missing === '') return { kind: 'done' }
        await sleep(LOOK_EVERY_MS)
      }
      const said = whatItSaid(options.unit.printedSince(mark))
      const reason = `keepalived does not run this release after ${timeoutMs} ms: ${missing}`
      return { kind: 'failed', reason: said === '' ? reason : `${reason}; its log: ${said}` }
    },
  }
}

async function difference(expected: readonly ExpectedVip[], proofs: KeepalivedProofs): Promise<string> {
  const state = proofs.keepalived()
  if (state.kind === 'stopped') return `it is not running (${state.reason})`
  if (state.kind === 'hanging') return `it hangs: ${state.reason}`
  const dump = await proofs.dump()
  if (dump.kind === 'instances') return compare(expected, dump.instances)
  const silent = expected.find(({ name, address }) => !proofs.reports.names().has(name) && !proofs.holds(address))
  return silent === undefined ? '' : `instance ${silent.name} has not reported`
}

function compare(expected: readonly ExpectedVip[], found: readonly DumpedInstance[]): string {
  const extra = found.find(({ name }) => !expected.some((vip) => vip.name === name))
  if (extra !== undefined) return `it also runs instance ${extra.name}`
  for (const vip of expected) {
    const instance = found.find(({ name }) => name === vip.name)
    if (instance === undefined) return `instance ${vip.name} is missing`
    if (instance.virtualRouterId !== vip.virtualRouterId) {
      return `instance ${vip.name} has virtual router id ${instance.virtualRouterId}, not ${vip.virtualRouterId}`
    }
    if (instance.basePriority !== vip.basePriority) {
      return `instance ${vip.name} has base priority ${instance.basePriority}, not ${vip.basePriority}`
    }
    if (
      ![...instance.addresses, ...instance.excludedAddresses].some(
        (address) => address.split(/[/ ]/)[0] === vip.address,
      )
    ) {
      return `instance ${vip.name} lacks ${vip.address}`
    }
  }
  return ''
}
