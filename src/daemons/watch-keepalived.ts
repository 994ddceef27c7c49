import { ageOf, childrenOf, lookAt, processOf } from '../proc.ts'
import type { Unit } from './unit.ts'

/**
 * keepalived as a process. `hanging`: it is there, but its VRRP process cannot work: it sends no adverts, and what it said
 * last is not true any more. `ageMs`: since its start, whoever watched.
 */
export type KeepalivedState =
  | { kind: 'running'; pid: number; ageMs: number }
  | { kind: 'hanging'; pid: number; ageMs: number; reason: string }
  | { kind: 'stopped'; reason: string }

export type KeepalivedWatch = {
  /** Whether it runs is looked at now, whether it hangs twice a second. */
  state(): KeepalivedState
  close(): void
}

const LOOK_EVERY_MS = 500
/** Waiting for a disk, or dead and not yet started again: for a moment that is nothing. */
const PATIENCE_MS = 1_000

/**
 * Watches whether keepalived's VRRP process can work, by the state that the kernel shows of it to everybody: an agent without
 * rights over keepalived sees it too. A process that waits for ever or turns in a circle looks like one that works.
 */
export function watchKeepalived(options: {
  unit: Pick<Unit, 'state'>
  onEvent(what: 'hangs' | 'goes on', reason: string): void
}): KeepalivedWatch {
  const { unit } = options
  let started: { pid: number; atMs: number } | undefined
  let hangs: { pid: number; reason: string } | undefined
  let bad: { pid: number; text: string; sinceMs: number } | undefined
  let known: { parent: number; pids: readonly number[] } | undefined

  const why = (pid: number): string | undefined => {
    const before = known?.parent === pid ? known.pids : []
    let processes = ownOf(pid, before)
    // Its children are listed only when one is missing, because that costs more than looking at one.
    if (processes.length === 0 || processes.length < before.length) {
      // What cannot be looked at has not changed for all that is known.
      if (before.some((each) => lookAt(each).kind === 'hidden')) return hangs?.pid === pid ? hangs.reason : undefined
      processes = ownOf(pid, childrenOf(pid))
    }
    if (processes.length > 0) known = { parent: pid, pids: processes.map((each) => each.pid) }
    const ailing = processes.find(({ state }) => state in AILING)
    if (ailing !== undefined) {
      const text = `its process ${ailing.pid} ${AILING[ailing.state]}`
      return ailing.state.toUpperCase() === 'T' ? text : afterPatience(pid, text)
    }
    // Where the kernel lists no children, and without instances, there never was one.
    if (processes.length === 0 && known?.parent === pid) return afterPatience(pid, 'its VRRP process is gone')
    bad = undefined
    return undefined
  }
  const afterPatience = (pid: number, text: string): string | undefined => {
    if (bad?.pid !== pid || bad.text !== text) bad = { pid, text, sinceMs: performance.now() }
    return performance.now() - bad.sinceMs >= PATIENCE_MS ? text : undefined
  }
  const look = (): void => {
    const state = unit.state()
    const reason = state.kind === 'running' ? why(state.pid) : undefined
    const before = hangs
    hangs = state.kind === 'running' && reason !== undefined ? { pid: state.pid, reason } : undefined
    if (hangs !== undefined && hangs.reason !== before?.reason) options.onEvent('hangs', hangs.reason)
    // One that has ended meanwhile is told by its unit.
    else if (hangs === undefined && state.kind === 'running' && state.pid === before?.pid)
      options.onEvent('goes on', '')
  }
  look()
  const looking = setInterval(look, LOOK_EVERY_MS)
  looking.unref()

  return {
    state: () => {
      const state = unit.state()
      if (state.kind === 'stopped') return state
      const { pid } = state
      if (started?.pid !== pid) started = startOf(pid)
      const ageMs = started === undefined ? 0 : performance.now() - started.atMs
      return hangs?.pid === pid
        ? { kind: 'hanging', pid, ageMs, reason: hangs.reason }
        : { kind: 'running', pid, ageMs }
    },
    close: () => clearInterval(looking),
  }
}

/** On the clock of `performance.now()`; undefined while it cannot be looked at, and then its age counts as none. */
function startOf(pid: number): { pid: number; atMs: number } | undefined {
  const ageMs = ageOf(processOf(pid))
  return ageMs === undefined ? undefined : { pid, atMs: performance.now() - ageMs }
}

/** Of these processes keepalived's own, not scripts: the VRRP process; checkers only where a file has virtual servers. */
function ownOf(parent: number, pids: readonly number[]): { pid: number; state: string }[] {
  return pids.flatMap((pid) => {
    const found = processOf(pid)
    return found?.parent === parent && found.name.startsWith('keepalived') ? [{ pid, state: found.state }] : []
  })
}

/** States in which a process does nothing (proc_pid_stat(5)). */
const AILING: Readonly<Record<string, string>> = {
  T: 'is stopped (kill -CONT lets it go on)',
  t: 'is stopped by a debugger',
  D: 'waits for the kernel without end',
  Z: 'is dead and has not been started again',
}
