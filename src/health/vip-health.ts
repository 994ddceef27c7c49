import type { HEALTH_CAUSES } from '../report/vip-schema.ts'

/**
 * How well this node would serve one VIP: a pure state machine over what it sees of the servers; time comes in as an
 * argument. It is calm about what all nodes see at once: a change that could move the VIP (the holder's score falls,
 * another node's rises) waits, one that cannot (the holder's rises, another node's falls) is made at once. So, when the
 * servers are lost for everybody, every other node has given in before the holder does, and the VIP stays.
 */
export type VipHealth = {
  /** 0..100: the share of the VIP's services that have servers enough. */
  score: number
  cause: (typeof HEALTH_CAUSES)[number]
  reason: string
  /** Since when a change is wanted that could move the VIP. */
  changingSinceMs: number | undefined
  /** Since when this node could take the VIP back from another one. */
  heldDownSinceMs: number | undefined
}

export type ServiceHealth = { name: string; serversUp: number; minimumServers: number }

export type Seen = {
  /** The VIP's services; undefined while HAProxy cannot be asked. */
  services: readonly ServiceHealth[] | undefined
  /** This node has the VIP's address. */
  holds: boolean
  nowMs: number
}

export type Rules = { dampingMs: number; failbackMs: number | 'manual' }

/** What a node knows before HAProxy was asked: what an earlier agent knew, or nothing that would speak against it. */
export function firstHealth(adopted: number | undefined): VipHealth {
  return {
    score: adopted ?? 100,
    cause: 'servers_unknown',
    reason: adopted === undefined ? 'its servers are not known yet' : 'adopted, its servers are not known yet',
    changingSinceMs: undefined,
    heldDownSinceMs: undefined,
  }
}

/** HAProxy on this node serves again. Who holds the VIP has nothing to take back. */
export function afterRecovery(health: VipHealth, { holds, nowMs }: Omit<Seen, 'services'>): VipHealth {
  return holds ? health : { ...health, heldDownSinceMs: nowMs }
}

export function nextHealth(health: VipHealth, { services, holds, nowMs }: Seen, rules: Rules): VipHealth {
  const heldDownSinceMs =
    holds || isOver(health.heldDownSinceMs, rules.failbackMs, nowMs) ? undefined : health.heldDownSinceMs
  if (services === undefined) return { ...health, heldDownSinceMs, changingSinceMs: undefined }
  const { score, cause, reason } = worthOf(services)
  const mayMove = holds ? score < health.score : score > health.score
  const changingSinceMs = health.changingSinceMs ?? nowMs
  if (mayMove && nowMs - changingSinceMs < rules.dampingMs) {
    const waits = `${reason}; that counts when it has lasted ${rules.dampingMs / 1000} s`
    return { score: health.score, cause: 'damped', reason: waits, changingSinceMs, heldDownSinceMs }
  }
  const recovered = !holds && mayMove ? changingSinceMs : heldDownSinceMs
  return { score, cause, reason, changingSinceMs: undefined, heldDownSinceMs: recovered }
}

function isOver(sinceMs: number | undefined, failbackMs: Rules['failbackMs'], nowMs: number): boolean {
  return sinceMs === undefined || (failbackMs !== 'manual' && nowMs - sinceMs >= failbackMs)
}

function worthOf(services: readonly ServiceHealth[]): Pick<VipHealth, 'score' | 'cause' | 'reason'> {
  if (services.length === 0) return { score: 100, cause: 'no_service', reason: 'no service to judge by' }
  const down = services.filter(({ serversUp, minimumServers }) => serversUp < minimumServers)
  if (down.length === 0) return { score: 100, cause: 'healthy', reason: 'every service has a server' }
  const score = Math.floor((100 * (services.length - down.length)) / services.length)
  return { score, cause: 'servers_down', reason: down.map(lacks).join(', ') }
}

function lacks({ name, serversUp, minimumServers }: ServiceHealth): string {
  return serversUp === 0
    ? `no server is up for ${name}`
    : `${serversUp} of at least ${minimumServers} servers are up for ${name}`
}
