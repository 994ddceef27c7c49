import type { Node, Spec } from '../spec/spec.ts'
import { CHAINS, type ChainName, type FirewallOptions, formatChain, formatScraper } from './options.ts'

/** Where the file is meant to be. */
const FILE = '/etc/nftables.d/lb-agent.nft'

/** The comment at the head of the file: where it comes from, and what to do with it. */
export function howTo(spec: Spec, node: Node, options: FirewallOptions): string[] {
  const hooks = hooksOf(options)
  return [
    `nftables of ${node.name} in cluster ${spec.cluster}, printed by`,
    `    ${commandLine(node, options)}`,
    'Print and load it again when lb.yaml has other nodes, VIPs, services or servers: no agent does that.',
    '',
    ...(options.into === undefined ? OWN_TABLE : []),
    ...(hooks.length === 0 ? byItself() : byHooks(hooks, options.into === undefined)),
  ].map((line) => (line === '' ? '#' : `# ${line}`))
}

const OWN_TABLE = [
  'Table "inet lb_agent" takes away, and lets nothing in: what a chain of another table drops stays dropped. Where a chain',
  "drops all that it does not name, use --into 'inet filter input' instead.",
  '',
]

type Hook = { target: ChainName; chain: string }

function hooksOf({ into, intoOutput }: FirewallOptions): Hook[] {
  return [
    ...(into === undefined ? [] : [{ target: into, chain: CHAINS.input }]),
    ...(intoOutput === undefined ? [] : [{ target: intoOutput, chain: CHAINS.output }]),
  ]
}

function byItself(): string[] {
  return [
    `check   nft -c -f ${FILE}`,
    `load    nft -f ${FILE}    again, too: the new table takes the place of the old one in one step`,
    `keep    include "${FILE}"    at the end of /etc/nftables.conf; systemctl enable nftables`,
    'undo    nft delete table inet lb_agent',
  ]
}

/**
 * nft cannot say "insert, unless it is there", and deletes a rule by its handle only. So the old jumps are looked up, and
 * deleted in the transaction that inserts the new ones.
 */
function byHooks(hooks: readonly Hook[], withTable: boolean): string[] {
  const old = hooks.map(({ target, chain }) => {
    const where = formatChain(target)
    return `            nft -a list chain ${where} | sed -n 's/.*jump ${chain} .*# handle/delete rule ${where} handle/p'`
  })
  const undone = [
    ...hooks.map(({ target, chain }) => `delete chain ${target.family} ${target.table} ${chain}`),
    ...(withTable ? ['delete table inet lb_agent'] : []),
  ]
  return [
    ...hooks.flatMap(aboutHook),
    '',
    `check   nft -c -f ${FILE}`,
    `keep    include "${FILE}"    at the end of /etc/nftables.conf, which begins with`,
    '        "flush ruleset"; systemctl reload nftables then loads all of it in one step, again, too',
    'By hand, the jumps of the last time go in the same step (nft -f alone leaves them there: superfluous, no harm):',
    '        old() {',
    ...old,
    '        }',
    `load    { old; cat ${FILE}; } | nft -f -`,
    `undo    { old; echo '${undone.join('; ')}'; } | nft -f -`,
  ]
}

function aboutHook({ target, chain }: Hook): string[] {
  const { family } = target
  const more = chain === CHAINS.output ? '; the git repository, webhooks and DNS' : ''
  return [
    `Chain "${formatChain(target)}" jumps to ${chain} before its own rules. Those must let through what is not there:`,
    `interface lo, answers (ct state established), for IPv6 neighbour discovery${more}.`,
    ...(family === 'inet' ? [] : [`Family ${family} sees IPv${family === 'ip' ? 4 : 6} only: the rest is left out.`]),
  ]
}

function commandLine({ name }: Node, { agentPort, scrapers, into, intoOutput }: FirewallOptions): string {
  return [
    `lb-agent firewall PATH --node ${name} --port ${agentPort}`,
    ...(scrapers.length === 0 ? [] : [`--scraper ${scrapers.map(formatScraper).join(',')}`]),
    ...(into === undefined ? [] : [`--into '${formatChain(into)}'`]),
    ...(intoOutput === undefined ? [] : [`--into-output '${formatChain(intoOutput)}'`]),
  ].join(' ')
}
