import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKeepalivedWatch } from '../../src/daemon-parts.ts'
import { createKeepalivedConfirmer } from '../../src/daemons/confirm-keepalived.ts'
import type { UnitState } from '../../src/daemons/unit.ts'
import { watchKeepalived } from '../../src/daemons/watch-keepalived.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { createAgentLog } from '../../src/log/agent-log.ts'
import { ageMs, childrenOf } from '../../src/proc.ts'
import { withoutDescriptors } from '../support/no-descriptors.ts'

/** A process with a child of keepalived's name; the kernel shows of it what it shows of the real one. */
async function family(t: TestContext): Promise<{ parent: ChildProcess; pid: number; child: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-keepalived-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const program = join(directory, 'keepalived')
  copyFileSync('/bin/sleep', program)
  const parent = spawn('sh', ['-c', `${program} 60 & read line`], { stdio: ['pipe', 'ignore', 'ignore'] })
  const pid = parent.pid
  assert.ok(pid !== undefined)
  let child: number | undefined
  while (child === undefined) {
    await sleep(20)
    const [first] = childrenOf(pid)
    child = first !== undefined && ageMs(first) > 100 ? first : undefined
  }
  t.after(async () => {
    for (const each of [child, pid]) {
      try {
        process.kill(each ?? pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
    if (parent.exitCode === null && parent.signalCode === null) await once(parent, 'exit')
  })
  return { parent, pid, child }
}

const HANGS_MS = 5_000

test('a stopped process hangs until it goes on', async (t) => {
  const { pid, child } = await family(t)
  const events: string[] = []
  const watch = watchKeepalived({
    unit: { state: (): UnitState => ({ kind: 'running', pid }) },
    onEvent: (what, reason) => events.push(`${what}: ${reason}`),
  })
  t.after(watch.close)
  const becomes = async (kind: string): Promise<void> => {
    const deadline = performance.now() + HANGS_MS
    while (watch.state().kind !== kind) {
      assert.ok(performance.now() < deadline, `it is ${watch.state().kind}, not ${kind}`)
      await sleep(20)
    }
  }
  assert.equal(watch.state().kind, 'running')
  process.kill(child, 'SIGSTOP')
  await becomes('hanging')
  process.kill(child, 'SIGCONT')
  await becomes('running')
  assert.deepEqual(events, [`hangs: its process ${child} is stopped (kill -CONT lets it go on)`, 'goes on: '])
})

test('each time that it hangs is in the log', async (t) => {
  const { pid, child } = await family(t)
  const lines: { level: string; msg: string }[] = []
  const { log, close } = await createAgentLog(
    { level: 'info', form: 'json' },
    { hide: (text) => text },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  )
  t.after(close)
  const watch = createKeepalivedWatch({ state: () => ({ kind: 'running', pid }) }, log, () => undefined)
  t.after(watch.close)
  const told = ['warn daemon hangs', 'info daemon goes on', 'warn daemon hangs', 'info daemon goes on']
  for (const [index, what] of told.entries()) {
    process.kill(child, what === 'warn daemon hangs' ? 'SIGSTOP' : 'SIGCONT')
    const deadline = performance.now() + HANGS_MS
    while (lines.length <= index && performance.now() < deadline) await sleep(20)
    assert.deepEqual(
      lines.map(({ level, msg }) => `${level} ${msg}`),
      told.slice(0, index + 1),
    )
  }
})

test('what cannot be looked at does not hang, nor does one that hangs go on', async (t) => {
  const { pid, child } = await family(t)
  const events: string[] = []
  const watch = watchKeepalived({
    unit: { state: (): UnitState => ({ kind: 'running', pid }) },
    onEvent: (what) => events.push(what),
  })
  t.after(watch.close)
  // Longer than a VRRP process that is gone is put up with, by which time it has been looked at more than once.
  await withoutDescriptors(() => sleep(2_200))
  assert.deepEqual({ events, kind: watch.state().kind }, { events: [], kind: 'running' })
  process.kill(child, 'SIGSTOP')
  await until('it hangs', HANGS_MS, async () => watch.state().kind === 'hanging')
  await withoutDescriptors(() => sleep(1_200))
  assert.deepEqual({ events, kind: watch.state().kind }, { events: ['hangs'], kind: 'hanging' })
})

test('its age is that of the process, not of the watch', async (t) => {
  const { pid } = await family(t)
  const watch = watchKeepalived({
    unit: { state: (): UnitState => ({ kind: 'running', pid }) },
    onEvent: () => undefined,
  })
  t.after(watch.close)
  const state = watch.state()
  assert.ok(state.kind === 'running' && state.ageMs > 90 && state.ageMs < 60_000, JSON.stringify(state))
})

test('a process without children, or none, does not hang', () => {
  for (const state of [
    { kind: 'running', pid: process.pid },
    { kind: 'stopped', reason: 'ended by SIGTERM' },
  ] as const satisfies UnitState[]) {
    const watch = watchKeepalived({ unit: { state: () => state }, onEvent: () => undefined })
    assert.equal(watch.state().kind, state.kind)
    watch.close()
  }
})

test('a reload is not confirmed by a keepalived that hangs, though it holds the address', async () => {
  const confirmer = createKeepalivedConfirmer({
    unit: { mark: () => 0, printedSince: () => '' },
    keepalived: () => ({ kind: 'hanging', pid: 12, ageMs: 60_000, reason: 'its process 13 is stopped' }),
    dump: async () => ({ kind: 'unavailable', reason: 'its process 13 is stopped' }),
    reports: { names: () => new Set(['api']), forget: () => undefined },
    holds: () => true,
  })
  const vip = {
    ...{ name: 'api', address: '10.0.0.1', prefixLength: 32, extraAddresses: [], virtualRouterId: 7 },
    ...{ basePriority: 154, interface: 'eth0', prefer: ['one'], requireHealthyOnce: false },
  }
  assert.deepEqual(await confirmer.confirm([vip], 50, new AbortController().signal), {
    kind: 'failed',
    reason: 'keepalived does not run this release after 50 ms: it hangs: its process 13 is stopped',
  })
})
