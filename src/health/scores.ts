import { bootMs } from '../boot-clock.ts'
import type { Expectation } from '../render/expectation.ts'
import { timeOfDay } from '../time-text.ts'
import type { Drains } from './drains.ts'
import type { Memory } from './memory.ts'
import { type Score, scoreOf } from './score.ts'
import type { Takeover } from './takeover.ts'
import type { TrackFiles } from './track-files.ts'
import { afterRecovery, firstHealth, nextHealth, type ServiceHealth, type VipHealth } from './vip-health.ts'

/** One server as HAProxy last said. `checked`: a check of it has succeeded, it is not only believed up at the start. */
export type SeenServer = { backend: string; up: boolean; checked: boolean }

/** By the name of their backend: with hundreds of services nobody should search all servers for each of them. */
type ServersOfBackends = ReadonlyMap<string, readonly SeenServer[]>

export type ScoreChange = Score & { before: number | undefined }

export type Scores = {
  expect(expectation: Expectation): void
  /** undefined while HAProxy cannot be asked. */
  setServers(servers: readonly SeenServer[] | undefined): void
  /** HAProxy on this node serves again, or keepalived has to be started again. */
  recovered(): void
  /** Computes and writes again; throws when a file cannot be written. */
  update(): void
  /** Takes the VIP back now (all without `vip`). */
  endHoldDown(vip: string | undefined): void
  all(): readonly Score[]
}

export type ScoresOptions = {
  trackFiles: TrackFiles
  memory: Memory
  drains: Drains
  takeover: Pick<Takeover, 'waiting'>
  /**
   * Looks once, and says of each VIP whether keepalived holds it here: it is MASTER, and the kernel has the address. One
   * that a dead keepalived has left behind is not held.
   */
  holding(): (vip: { name: string; address: string }) => boolean
  /** Whether the keepalived that runs has said how this VIP is. */
  isHeard(vip: string): boolean
  onChange(change: ScoreChange): void
}

/** keepalived logs a line for each. */
const MAX_ASKS = 10

/** Keeps the score file of every VIP as its servers, drains and hold-downs say. */
export function createScores(options: ScoresOptions): Scores {
  const { trackFiles, memory, drains } = options
  let expectation: Expectation | undefined
  let servers: ServersOfBackends | undefined
  let scores: readonly Score[] = []
  /** How often each VIP's score was written one lower, to hear of it. */
  const asks = new Map<string, number>()

  const vips = () => expectation?.vips ?? []
  const healthOf = (vip: string): VipHealth => memory.health(vip) ?? firstHealth(adopted(trackFiles.readScore(vip)))

  const update = (): void => {
    const expected = expectation
    if (expected === undefined) return
    const { failbackMs } = expected
    const nowMs = bootMs()
    const holds = options.holding()
    scores = expected.vips.map((vip) => {
      const services = servicesOf(vip.name, expected, servers)
      const health = nextHealth(healthOf(vip.name), { services, holds: holds(vip), nowMs }, expected)
      memory.setHealth(vip.name, health)
      if (wasHealthy(vip.name, expected, servers)) memory.setHealthyOnce(vip.name)
      const waitsForServer = vip.requireHealthyOnce && !memory.wasHealthyOnce(vip.name)
      return scoreOf(vip.name, health, {
        drained: drainedBy(drains, vip.name),
        waitsForServer,
        waitsForTakeover: options.takeover.waiting().includes(vip.name),
        failbackMs,
        nowMs,
      })
    })
    const silent = new Set(
      expected.vips.filter((vip) => holds(vip) && !options.isHeard(vip.name)).map(({ name }) => name),
    )
    const errors = scores.flatMap((score) => (silent.has(score.vip) ? ask(score) : write(score)))
    for (const { name } of expected.vips) if (!silent.has(name)) asks.delete(name)
    if (errors[0] !== undefined) throw errors[0]
  }

  // One file that cannot be written must not keep the others from being.
  const write = (score: Score): Error[] => {
    const before = trackFiles.readScore(score.vip)
    if (before === score.score) return []
    try {
      trackFiles.writeScore(score.vip, score.score)
    } catch (error) {
      return [error as Error]
    }
    const wasAsked = asks.has(score.vip) && before === score.score - 1
    if (!wasAsked) options.onChange({ ...score, before })
    return []
  }

  // A keepalived that was MASTER before the agent came says so when its priority changes, and not otherwise (2.2.7, taken over
  // from hand-written files): one less, and at the next look one more. A backup with the same priority lets it be (RFC 5798
  // §6.4.2), and one whose priority lies just between takes the VIP as it does in a drain.
  const ask = (score: Score): Error[] => {
    const [before, times] = [trackFiles.readScore(score.vip), asks.get(score.vip) ?? 0]
    if (before !== score.score || score.score < 1 || times === MAX_ASKS) return write(score)
    try {
      trackFiles.writeScore(score.vip, score.score - 1)
      asks.set(score.vip, times + 1)
      return []
    } catch (error) {
      return [error as Error]
    }
  }

  return {
    expect: (next) => {
      expectation = next
      update()
    },
    setServers: (next) => {
      servers = next && Map.groupBy(next, ({ backend }) => backend)
      update()
    },
    recovered: () => {
      const holds = options.holding()
      for (const vip of vips()) {
        const health = afterRecovery(healthOf(vip.name), { holds: holds(vip), nowMs: bootMs() })
        memory.setHealth(vip.name, health)
      }
      update()
    },
    update,
    endHoldDown: (only) => {
      for (const { name } of vips()) {
        if (only === undefined || only === name)
          memory.setHealth(name, { ...healthOf(name), heldDownSinceMs: undefined })
      }
      update()
    },
    all: () => scores,
  }
}

/** What was held back as FAULT says nothing of its servers. */
function adopted(score: number | undefined): number | undefined {
  return score !== undefined && score >= 0 && score <= 100 ? score : undefined
}

function drainedBy(drains: Drains, vip: string): string | undefined {
  const drain = drains.of(vip)
  if (drain === undefined) return drains.isChanging(vip) ? 'drained while keepalived changes' : undefined
  if (drain.forStop) return 'drained: its daemons are being stopped'
  return drain.until === null ? 'drained until lb-agent undrain' : `drained until ${timeOfDay(drain.until)}`
}

/** Undefined while nothing is known; between `expect` and the reload HAProxy lacks a new service: that is no outage. */
function servicesOf(
  vip: string,
  expectation: Expectation,
  servers: ServersOfBackends | undefined,
): ServiceHealth[] | undefined {
  if (servers === undefined) return undefined
  return expectation.services
    .filter((service) => service.vip === vip)
    .flatMap(({ name, backend, minimumServers }) => {
      const mine = servers.get(backend) ?? []
      return mine.length === 0 ? [] : [{ name, minimumServers, serversUp: mine.filter(({ up }) => up).length }]
    })
}

function wasHealthy(vip: string, { services }: Expectation, servers: ServersOfBackends | undefined): boolean {
  const backends = services.filter((service) => service.vip === vip).map(({ backend }) => backend)
  return (
    backends.length === 0 ||
    backends.some((backend) => servers?.get(backend)?.some(({ up, checked }) => up && checked) === true)
  )
}
