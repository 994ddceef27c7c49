import type { Outcome, TableRow, VipTable } from './outcome.ts'
import { alikeTables } from './takeover-text.ts'

/**
 * The takeover table for programs: VIPs that share their fate together. `worstCase` is null where nothing moves. `losses`: the pairs
 * of node losses after which another node than now has it.
 */
export function takeoverJson(table: readonly VipTable[]): object[] {
  return alikeTables(table).flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { healthy, rows } = first
    const moved = ({ faults, outcome }: TableRow): boolean =>
      faults.length > 1 && JSON.stringify(outcome.holders) !== JSON.stringify(healthy.holders)
    return [
      {
        vips: group.map(({ vip }) => ({ name: vip.name, address: vip.address, prefer: vip.prefer ?? null })),
        healthy: outcomeJson(healthy),
        faults: rows.flatMap(({ faults: [fault, another], outcome }) =>
          fault === undefined || another !== undefined
            ? []
            : [{ fault: fault.kind, node: fault.node, ...outcomeJson(outcome) }],
        ),
        losses: rows
          .filter(moved)
          .map(({ faults, outcome }) => ({ nodes: faults.map(({ node }) => node), ...outcomeJson(outcome) })),
      },
    ]
  })
}

/** `isServed`: a node that has it, or may, serves it; `couldServe`: who else could, where none does. */
function outcomeJson({ holders, oneOf, serving, could, bound }: Outcome): object {
  const isServed = serving.length > 0
  return { holders, oneOf, isServed, couldServe: isServed ? [] : could, worstCase: bound ?? null }
}
