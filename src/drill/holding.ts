/** A stretch of time in which something was true of one node; epoch ms. `untilMs` is undefined while it still is. */
export type Stretch = { node: string; fromMs: number; untilMs: number | undefined }

/** Who held one VIP in a window. Times are ms with one decimal. */
export type Holding = {
  /** How often the VIP went to another node, or came back to one after nobody had held it. */
  moves: number
  /** Two nodes or more held it and could both be reached: together, and the longest time at once. */
  togetherMs: number
  longestTogetherMs: number
  /** One that was cut off the network kept it as well; no client could reach that one. */
  togetherWithCutMs: number
  /** No node that could be reached held it. */
  nobodyMs: number
  longestNobodyMs: number
  /** Who held it and could be reached, in the order in which they took it; ms since the beginning of the window. */
  holders: readonly { node: string; fromMs: number; untilMs: number }[]
}

/**
 * Sums up who held one VIP from `fromMs` until `untilMs`. A node that is cut off the network keeps what it holds and does
 * not know it; for clients it has lost it.
 */
export function summarizeHolding(
  held: readonly Stretch[],
  cut: readonly Stretch[],
  fromMs: number,
  untilMs: number,
): Holding {
  const inWindow = (stretches: readonly Stretch[]): ClosedStretch[] =>
    stretches
      .map(({ node, fromMs: from, untilMs: until = untilMs }) => ({
        node,
        fromMs: Math.max(from, fromMs),
        untilMs: Math.min(until, untilMs),
      }))
      .filter((stretch) => stretch.untilMs > stretch.fromMs)
  const all = inWindow(held)
  const reachable = all.flatMap((stretch) => without(stretch, inWindow(cut))).sort((a, b) => a.fromMs - b.fromMs)
  const together = durations(reachable, fromMs, untilMs, (nodes) => nodes >= 2)
  const nobody = durations(reachable, fromMs, untilMs, (nodes) => nodes === 0)
  const anyTogether = durations(all, fromMs, untilMs, (nodes) => nodes >= 2)
  return {
    moves: countMoves(reachable, fromMs),
    togetherMs: decimal(sum(together)),
    longestTogetherMs: decimal(Math.max(0, ...together)),
    togetherWithCutMs: decimal(Math.max(0, sum(anyTogether) - sum(together))),
    nobodyMs: decimal(sum(nobody)),
    longestNobodyMs: decimal(Math.max(0, ...nobody)),
    holders: reachable.map((stretch) => ({
      node: stretch.node,
      fromMs: decimal(stretch.fromMs - fromMs),
      untilMs: decimal(stretch.untilMs - fromMs),
    })),
  }
}

/** A second node that takes a VIP has moved it once the first one gives it up: whoever only held it in between has not. */
function countMoves(stretches: readonly ClosedStretch[], fromMs: number): number {
  let moves = 0
  let owner = stretches.find((stretch) => stretch.fromMs === fromMs)
  for (;;) {
    const endMs = owner?.untilMs ?? fromMs
    const others = stretches.filter((stretch) => stretch !== owner && stretch.untilMs > endMs)
    // Of those that hold it when the owner gives it up, the first one that took it; otherwise the next one that does.
    const next = others[0]
    if (next === undefined) return moves
    moves += 1
    owner = next
  }
}

type ClosedStretch = { node: string; fromMs: number; untilMs: number }

/** What is left of a stretch outside of the cuts of its node. */
function without(stretch: ClosedStretch, cuts: readonly ClosedStretch[]): ClosedStretch[] {
  let left = [stretch]
  for (const cut of cuts.filter(({ node }) => node === stretch.node)) {
    left = left.flatMap(({ node, fromMs, untilMs }) =>
      [
        { node, fromMs, untilMs: Math.min(untilMs, cut.fromMs) },
        { node, fromMs: Math.max(fromMs, cut.untilMs), untilMs },
      ].filter((part) => part.untilMs > part.fromMs),
    )
  }
  return left
}

/** How long each time lasted in which the number of nodes was as `test` wants it. */
function durations(
  stretches: readonly ClosedStretch[],
  fromMs: number,
  untilMs: number,
  test: (nodes: number) => boolean,
): number[] {
  const edges = [...new Set([fromMs, untilMs, ...stretches.flatMap((part) => [part.fromMs, part.untilMs])])]
  edges.sort((a, b) => a - b)
  const found: number[] = []
  let goesOn = false
  for (const [index, start] of edges.slice(0, -1).entries()) {
    const end = edges[index + 1] ?? start
    const nodes = stretches.filter((part) => part.fromMs <= start && part.untilMs >= end).length
    const matches = test(nodes)
    if (matches && goesOn) found.push((found.pop() ?? 0) + end - start)
    else if (matches) found.push(end - start)
    goesOn = matches
  }
  return found
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function decimal(ms: number): number {
  return Math.round(10 * ms) / 10
}
