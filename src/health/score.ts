/** How well this node would serve one VIP, 0..100, and why. */
export type Score = { vip: string; score: number; reason: string }

export type ServiceHealth = { name: string; vip: string; serversUp: number }

/**
 * The score of each VIP from the servers that *this node* sees: the share of its services with a server that is up.
 * When every node sees the same outage all scores drop alike and the VIP stays. Undefined services (HAProxy not asked
 * yet) keep the full score: only a known outage moves a VIP. `heldDown` keeps a node that has just recovered at 0, so
 * that failing back is one calm move.
 */
export function scoresOf(
  vips: readonly string[],
  services: readonly ServiceHealth[] | undefined,
  heldDown: string | undefined,
): Score[] {
  return vips.map((vip) => {
    if (heldDown !== undefined) return { vip, score: 0, reason: heldDown }
    if (services === undefined) return { vip, score: 100, reason: 'its servers are not known yet' }
    const mine = services.filter((service) => service.vip === vip)
    if (mine.length === 0) return { vip, score: 100, reason: 'no service to judge by' }
    const down = mine.filter(({ serversUp }) => serversUp === 0)
    if (down.length === 0) return { vip, score: 100, reason: 'every service has a server' }
    return {
      vip,
      score: Math.floor((100 * (mine.length - down.length)) / mine.length),
      reason: `no server is up for ${down.map(({ name }) => name).join(', ')}`,
    }
  })
}
