import type { ClusterView } from './cluster.ts'
import type { Status } from './status.ts'

/** What can be waited for. */
export type Condition =
  | { kind: 'well' }
  | { kind: 'vip'; vip: string; where: 'served' | 'here' }
  | { kind: 'servers'; service: string | undefined; atLeast: number }

export const CONDITIONS = 'well, vip NAME served, vip NAME here, servers >= N, service NAME servers >= N'

/** Reads conditions that are separated by commas; or says which one cannot be read. */
export function parseConditions(text: string): { conditions: Condition[] } | { mistake: string } {
  const conditions: Condition[] = []
  for (const part of text.split(',').map((each) => each.trim().replaceAll(/\s+/g, ' '))) {
    const condition = parseCondition(part)
    if (condition === undefined) return { mistake: `"${part}" is no condition; there are: ${CONDITIONS}` }
    conditions.push(condition)
  }
  return { conditions }
}

function parseCondition(text: string): Condition | undefined {
  if (text === 'well') return { kind: 'well' }
  const vip = /^vip (\S+) (served|here)$/.exec(text)
  if (vip?.[1] !== undefined) return { kind: 'vip', vip: vip[1], where: vip[2] === 'here' ? 'here' : 'served' }
  const servers = /^(?:service (\S+) )?servers >= ?(\d{1,4})$/.exec(text)
  if (servers?.[2] !== undefined) return { kind: 'servers', service: servers[1], atLeast: Number(servers[2]) }
  return undefined
}

/** Why the condition does not hold; undefined when it does. `served`: exactly one node has the address. */
export function whyNot(condition: Condition, own: Status, cluster: ClusterView): string | undefined {
  switch (condition.kind) {
    case 'well':
      return cluster.headline.well ? undefined : cluster.headline.text
    case 'vip':
      return condition.where === 'here' ? whyNotHere(condition.vip, own) : whyNotServed(condition.vip, cluster)
    case 'servers':
      return whyTooFew(condition, own)
    default:
      return condition satisfies never
  }
}

function whyNotHere(name: string, own: Status): string | undefined {
  const vip = own.vips.find((candidate) => candidate.name === name)
  if (vip === undefined) return `this node has no VIP ${name}`
  return vip.held ? undefined : `VIP ${name} is not on this node`
}

function whyNotServed(name: string, { holders }: ClusterView): string | undefined {
  const found = holders[name]
  if (found === undefined) return `there is no VIP ${name}`
  return found.length === 1 ? undefined : `VIP ${name} is on ${found.length === 0 ? 'no node' : found.join(' and ')}`
}

function whyTooFew({ service, atLeast }: Extract<Condition, { kind: 'servers' }>, own: Status): string | undefined {
  const asked = own.services.filter(({ name }) => service === undefined || name === service)
  if (asked.length === 0) return service === undefined ? 'there is no service yet' : `there is no service ${service}`
  const lacks = asked.find(({ up }) => up === null || up < atLeast)
  if (lacks === undefined) return undefined
  return lacks.up === null
    ? `the servers of ${lacks.name} are not known`
    : `${lacks.name} has ${lacks.up} of ${atLeast} servers up`
}
