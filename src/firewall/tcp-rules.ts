import type { Node, Service, Spec } from '../spec/spec.ts'
import { type FirewallOptions, formatScraper } from './options.ts'
import { type Rule, rulesFor, type Section } from './rule.ts'
import { peersOf } from './vrrp-rules.ts'

type AgentPort = Pick<FirewallOptions, 'agentPort' | 'scrapers'>

/** Who may read the agent's port: the other nodes, which ask who holds what, and the scrapers. */
export function agentInput(spec: Spec, node: Node, { agentPort, scrapers }: AgentPort): Section {
  const peers = peersOf(spec, node).map(({ address }) => address)
  const port = `tcp dport ${agentPort} accept`
  return {
    about: ["The agent's port (http.listen): for the other nodes, which ask who holds what, and for scrapers."],
    rules: [
      ...rulesFor('saddr', peers, `${port} comment "other nodes"`),
      // A rule each: a network and an address in it do not go into one set.
      ...scrapers.flatMap((scraper) => rulesFor('saddr', [formatScraper(scraper)], `${port} comment "scraper"`)),
    ],
  }
}

/** The same, and nobody else but the node itself. */
export function agentInputOnly(spec: Spec, node: Node, options: AgentPort): Section {
  const { about, rules } = agentInput(spec, node, options)
  const port = `tcp dport ${options.agentPort}`
  return { about, rules: [{ text: `iif "lo" ${port} accept` }, ...rules, { text: `${port} drop` }] }
}

/** What clients ask for, at the VIPs that this node may hold. */
export function servicesInput(spec: Spec, node: Node): Section {
  const vips = new Map(spec.vips.filter(({ prefer }) => prefer.includes(node.name)).map((vip) => [vip.name, vip]))
  return {
    about: [
      'The services, at the VIPs alone: a program of this node that has the same port is not opened. This also takes',
      'what arrives after a VIP has moved, and which keepalived lets in without the address (ip rule, table 5798).',
    ],
    rules: spec.services.flatMap(({ name, port, vip }) => {
      const held = vips.get(vip)
      if (held === undefined) return []
      const addresses = [held, ...held.extraAddresses].map(({ address }) => address)
      return rulesFor('daddr', addresses, `tcp dport ${port} accept comment "${name}"`)
    }),
  }
}

/** The other agents, which this one asks. */
export function agentOutput(spec: Spec, node: Node, agentPort: number): Section {
  const peers = peersOf(spec, node).map(({ address }) => address)
  return { about: ['The agents of the other nodes.'], rules: rulesFor('daddr', peers, `tcp dport ${agentPort} accept`) }
}

/** The servers, which HAProxy checks on every node, whoever holds the VIP. */
export function serversOutput(spec: Spec): Section {
  return { about: ['The servers.'], rules: spec.services.flatMap((service) => rulesToServers(spec, service)) }
}

function rulesToServers(spec: Spec, service: Service): Rule[] {
  const servers = spec.pools.find(({ name }) => name === service.pool)?.servers ?? []
  const byPort = Map.groupBy(servers, ({ port }) => port ?? service.serverPort)
  return [...byPort].flatMap(([port, group]) =>
    rulesFor(
      'daddr',
      group.map(({ address }) => address),
      `tcp dport ${port} accept comment "servers of ${service.name}"`,
    ),
  )
}
