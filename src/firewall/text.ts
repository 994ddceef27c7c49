import type { Node, Spec } from '../spec/spec.ts'
import { howTo } from './how-to.ts'
import { CHAINS, type ChainName, type FirewallOptions, formatChain } from './options.ts'
import type { Section } from './rule.ts'
import { agentInput, agentInputOnly, agentOutput, serversOutput, servicesInput } from './tcp-rules.ts'
import { vrrpInput, vrrpOutput } from './vrrp-rules.ts'

/**
 * What `lb-agent firewall` prints: a file for nft, which can be loaded again at any time. In nft an `accept` ends one base
 * chain and no other, so a table of its own can only take away; what is to come in where a chain of somebody else's drops
 * must be accepted in that chain.
 */
export function firewallText(spec: Spec, node: Node, options: FirewallOptions): string {
  const { into, intoOutput, agentPort } = options
  const input =
    into === undefined
      ? ownTable([vrrpInput(spec, node), agentInputOnly(spec, node, options)])
      : hooked(into, CHAINS.input, [vrrpInput(spec, node), servicesInput(spec, node), agentInput(spec, node, options)])
  const output =
    intoOutput === undefined
      ? []
      : hooked(intoOutput, CHAINS.output, [
          vrrpOutput(spec, node),
          agentOutput(spec, node, agentPort),
          serversOutput(spec),
        ])
  return `${[...howTo(spec, node, options), ...input, ...output].join('\n')}\n`
}

/** The first line makes the table where there is none, so that the second one can remove it: nft 1.0.6 has no `destroy`. */
function ownTable(sections: readonly Section[]): string[] {
  return [
    '',
    'table inet lb_agent',
    'delete table inet lb_agent',
    'table inet lb_agent {',
    '    chain input {',
    '        type filter hook input priority filter; policy accept;',
    ...sections.flatMap((section) => ['', ...linesOf(section)]),
    '    }',
    '}',
  ]
}

/** A chain in the table of somebody else, filled anew, and a jump to it before all rules of the one that has the hook. */
function hooked(target: ChainName, chain: string, sections: readonly Section[]): string[] {
  const table = `${target.family} ${target.table}`
  const seen = sections.map((section) => withoutOther(section, target.family)).filter(({ rules }) => rules.length > 0)
  return [
    '',
    `add chain ${table} ${chain}`,
    `flush chain ${table} ${chain}`,
    `table ${table} {`,
    `    chain ${chain} {`,
    ...seen.flatMap((section, index) => [...(index === 0 ? [] : ['']), ...linesOf(section)]),
    '    }',
    '}',
    `insert rule ${formatChain(target)} jump ${chain}`,
  ]
}

/**
 * A table of family `ip` has no word for IPv6. Where nothing but a rule for either version is left, it is about the other
 * one: VRRP that only comes by IPv6 need not be kept out of IPv4.
 */
function withoutOther({ about, rules }: Section, family: ChainName['family']): Section {
  const version = { inet: undefined, ip: 4, ip6: 6 }[family]
  if (version === undefined) return { about, rules }
  const kept = rules.filter((rule) => (rule.version ?? version) === version)
  return { about, rules: kept.some((rule) => rule.version === version) ? kept : [] }
}

function linesOf({ about, rules }: Section): string[] {
  return [...about.map((line) => `        # ${line}`), ...rules.map(({ text }) => `        ${text}`)]
}
