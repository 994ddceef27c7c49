import type { Expectation } from '../render/expectation.ts'
import type { Troubles } from '../troubles.ts'
import { createGate } from './gate.ts'
import { startProbe } from './probe.ts'
import type { Score } from './score.ts'
import { createScores, type ScoresOptions, type SeenServer } from './scores.ts'
import type { Thresholds, Verdict } from './verdict.ts'

export type HealthWatch = {
  /** What the applied release wants looked after. Only the first call also says where HAProxy is asked. */
  expect(expectation: Expectation): void
  /** HAProxy is told to listen for the probe at this port: from now on it answers there, or still where it did. */
  mayListenAt(port: number): void
  /** It has been seen to do so. What an agent that dies now leaves to its successor stays both, until `endMove`. */
  listensAt(port: number): void
  /** The applied release, keepalived's script and HAProxy are of one port again. */
  endMove(): void
  /** Whoever supervises HAProxy has seen its end. */
  haproxyEnded(reason: string): void
  /** Servers as HAProxy last said; undefined while it cannot be asked. */
  setServers(servers: readonly SeenServer[] | undefined): void
  /** Computes the scores again: a drain has begun or ended, keepalived has moved a VIP. */
  updateScores(): void
  /** This node may have lost its VIPs to another one, which keeps them for now (failback). */
  holdBack(): void
  /** Ends holding VIPs back after a recovery. */
  endHoldDown(vip: string | undefined): void
  verdict(): Verdict
  scores(): readonly Score[]
  /** What was last asked for by `expect`. */
  expectation(): Expectation | undefined
  /** Since the last look at HAProxy ended; undefined before the first. */
  lookAgeMs(): number | undefined
  close(): void
}

export type HealthOptions = ScoresOptions & {
  thresholds: Thresholds
  everyMs: number
  timeoutMs: number
  /** How long HAProxy took to answer, in ms. */
  onAnswer(ms: number): void
  now(): number
  troubles: Pick<Troubles, 'raise' | 'clear'>
  onVerdict(verdict: Verdict): void
}

/**
 * probe -> verdict -> gate and score files. Its end changes nothing: the files keep their last value, and the next agent
 * adopts them.
 */
export function watchHealth(options: HealthOptions): HealthWatch {
  const { trackFiles, troubles } = options
  // A full or lost /run must not end the agent: what could not be written is written at the next look.
  const guarded = (key: 'gate' | 'score', write: () => void): void => {
    try {
      write()
      troubles.clear(key)
    } catch (error) {
      troubles.raise(key, `the ${key} file cannot be written: ${(error as Error).message}; it keeps its last value`)
    }
  }
  const scores = createScores(options)
  const gate = createGate({
    trackFiles,
    thresholds: options.thresholds,
    now: options.now,
    beforeOpening: () => guarded('score', scores.recovered),
    onChange: options.onVerdict,
  })
  const probe = startProbe({
    everyMs: options.everyMs,
    timeoutMs: options.timeoutMs,
    onAnswer: options.onAnswer,
    onEvent: (event) => guarded('gate', () => gate.look(event)),
  })
  let expectation: Expectation | undefined
  let ports: readonly number[] = []
  const probeAt = (next: readonly number[]): void => {
    ports = [...new Set(next)]
    probe.setPorts(ports)
  }
  return {
    expect: (next) => {
      if (expectation === undefined) probeAt([next.healthPort, ...trackFiles.readHealthPorts()])
      expectation = next
      guarded('score', () => scores.expect(next))
    },
    mayListenAt: (port) => {
      probeAt([...ports, port])
      // Before HAProxy moves: keepalived's script and the next agent read it if this one dies on the way.
      if (ports.length > 1) guarded('gate', () => trackFiles.writeHealthPorts(ports))
    },
    listensAt: (port) => probeAt([port]),
    endMove: () => guarded('gate', () => trackFiles.writeHealthPorts([])),
    haproxyEnded: (reason) => guarded('gate', () => gate.look({ kind: 'refused', reason })),
    setServers: (next) => guarded('score', () => scores.setServers(next)),
    updateScores: () => guarded('score', scores.update),
    holdBack: () => guarded('score', scores.recovered),
    endHoldDown: (vip) => guarded('score', () => scores.endHoldDown(vip)),
    verdict: gate.verdict,
    scores: scores.all,
    expectation: () => expectation,
    lookAgeMs: gate.lookAgeMs,
    close: probe.close,
  }
}
