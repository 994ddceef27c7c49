import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDesired } from '../../src/cli/read-desired.ts'
import { parseFirewallOptions, type WrittenOptions } from '../../src/firewall/options.ts'
import { firewallText } from '../../src/firewall/text.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import type { Spec } from '../../src/spec/spec.ts'

function example(name: string): Spec {
  const desired = readDesired(join(import.meta.dirname, '../../examples', name))
  assert.ok(desired.kind === 'desired')
  return desired.spec
}

function specOf(text: string): Spec {
  const parsed = parseSpec(`version: 1\ncluster: c\n${text}`, 'lb.yaml')
  assert.ok(parsed.kind === 'spec', JSON.stringify(parsed))
  return parsed.spec
}

function print(spec: Spec, name: string, written: Partial<WrittenOptions> = {}): string {
  const read = parseFirewallOptions({ port: '9853', scraper: [], ...written })
  const node = spec.nodes.find((one) => one.name === name)
  assert.ok(read.kind === 'options' && node !== undefined, JSON.stringify(read))
  return firewallText(spec, node, read.options)
}

/** Without blanks, comments and what stands around them. */
function rulesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => / (?:accept|drop)(?: |$)/.test(line) && !line.startsWith('#'))
}

function wrong(written: Partial<WrittenOptions>): readonly string[] {
  const read = parseFirewallOptions({ port: '9853', scraper: [], ...written })
  assert.equal(read.kind, 'usage', JSON.stringify(written))
  return read.kind === 'usage' ? read.sentences : []
}

test('a table of its own keeps VRRP and the port of the agent to the nodes and the scrapers, and drops nothing else', () => {
  assert.equal(
    print(example('k3s-ha'), 'loadbalancer1', { scraper: ['10.17.3.50'] }),
    `# nftables of loadbalancer1 in cluster k3s-home, printed by
#     lb-agent firewall PATH --node loadbalancer1 --port 9853 --scraper 10.17.3.50
# Print and load it again when lb.yaml has other nodes, VIPs, services or servers: no agent does that.
#
# Table "inet lb_agent" takes away, and lets nothing in: what a chain of another table drops stays dropped. Where a chain
# drops all that it does not name, use --into 'inet filter input' instead.
#
# check   nft -c -f /etc/nftables.d/lb-agent.nft
# load    nft -f /etc/nftables.d/lb-agent.nft    again, too: the new table takes the place of the old one in one step
# keep    include "/etc/nftables.d/lb-agent.nft"    at the end of /etc/nftables.conf; systemctl enable nftables
# undo    nft delete table inet lb_agent

table inet lb_agent
delete table inet lb_agent
table inet lb_agent {
    chain input {
        type filter hook input priority filter; policy accept;

        # VRRP (IP protocol 112) from the other nodes only: k8s-api-lb, loadbalancer2.
        ip saddr { 192.168.0.30, 10.17.3.13 } meta l4proto 112 accept
        meta l4proto 112 drop

        # The agent's port (http.listen): for the other nodes, which ask who holds what, and for scrapers.
        iif "lo" tcp dport 9853 accept
        ip saddr { 192.168.0.30, 10.17.3.13 } tcp dport 9853 accept comment "other nodes"
        ip saddr 10.17.3.50 tcp dport 9853 accept comment "scraper"
        tcp dport 9853 drop
    }
}
`,
  )
})

test('into the chains of a strict host go all that the node must hear and say, and a jump', () => {
  assert.equal(
    print(example('k3s-ha'), 'loadbalancer1', { into: 'inet filter input', intoOutput: 'inet filter output' }),
    `# nftables of loadbalancer1 in cluster k3s-home, printed by
#     lb-agent firewall PATH --node loadbalancer1 --port 9853 --into 'inet filter input' --into-output 'inet filter output'
# Print and load it again when lb.yaml has other nodes, VIPs, services or servers: no agent does that.
#
# Chain "inet filter input" jumps to lb_agent before its own rules. Those must let through what is not there:
# interface lo, answers (ct state established), for IPv6 neighbour discovery.
# Chain "inet filter output" jumps to lb_agent_output before its own rules. Those must let through what is not there:
# interface lo, answers (ct state established), for IPv6 neighbour discovery; the git repository, webhooks and DNS.
#
# check   nft -c -f /etc/nftables.d/lb-agent.nft
# keep    include "/etc/nftables.d/lb-agent.nft"    at the end of /etc/nftables.conf, which begins with
#         "flush ruleset"; systemctl reload nftables then loads all of it in one step, again, too
# By hand, the jumps of the last time go in the same step (nft -f alone leaves them there: superfluous, no harm):
#         old() {
#             nft -a list chain inet filter input | sed -n 's/.*jump lb_agent .*# handle/delete rule inet filter input handle/p'
#             nft -a list chain inet filter output | sed -n 's/.*jump lb_agent_output .*# handle/delete rule inet filter output handle/p'
#         }
# load    { old; cat /etc/nftables.d/lb-agent.nft; } | nft -f -
# undo    { old; echo 'delete chain inet filter lb_agent; delete chain inet filter lb_agent_output'; } | nft -f -

add chain inet filter lb_agent
flush chain inet filter lb_agent
table inet filter {
    chain lb_agent {
        # VRRP (IP protocol 112) from the other nodes only: k8s-api-lb, loadbalancer2.
        ip saddr { 192.168.0.30, 10.17.3.13 } meta l4proto 112 accept
        meta l4proto 112 drop

        # The services, at the VIPs alone: a program of this node that has the same port is not opened. This also takes
        # what arrives after a VIP has moved, and which keepalived lets in without the address (ip rule, table 5798).
        ip daddr 10.17.5.10 tcp dport 6443 accept comment "kubernetes-api"
        ip daddr 10.17.5.30 tcp dport 80 accept comment "ingress-http"
        ip daddr 10.17.5.30 tcp dport 443 accept comment "ingress-https"

        # The agent's port (http.listen): for the other nodes, which ask who holds what, and for scrapers.
        ip saddr { 192.168.0.30, 10.17.3.13 } tcp dport 9853 accept comment "other nodes"
    }
}
insert rule inet filter input jump lb_agent

add chain inet filter lb_agent_output
flush chain inet filter lb_agent_output
table inet filter {
    chain lb_agent_output {
        # VRRP (IP protocol 112).
        ip daddr { 192.168.0.30, 10.17.3.13 } meta l4proto 112 accept

        # The agents of the other nodes.
        ip daddr { 192.168.0.30, 10.17.3.13 } tcp dport 9853 accept

        # The servers.
        ip daddr { 10.17.4.21, 10.17.4.22, 10.17.4.23 } tcp dport 6443 accept comment "servers of kubernetes-api"
        ip daddr { 10.17.4.24, 10.17.4.25, 10.17.4.26, 10.17.4.27 } tcp dport 80 accept comment "servers of ingress-http"
        ip daddr { 10.17.4.24, 10.17.4.25, 10.17.4.26, 10.17.4.27 } tcp dport 443 accept comment "servers of ingress-https"
    }
}
insert rule inet filter output jump lb_agent_output
`,
  )
})

test('both IP versions of a VIP are opened, and of the scrapers', () => {
  assert.equal(
    print(example('dual-stack'), 'lb1', { into: 'inet filter input', scraper: ['10.0.0.0/24,fd00:0::5'] }),
    `# nftables of lb1 in cluster dual-stack, printed by
#     lb-agent firewall PATH --node lb1 --port 9853 --scraper 10.0.0.0/24,fd00::5 --into 'inet filter input'
# Print and load it again when lb.yaml has other nodes, VIPs, services or servers: no agent does that.
#
# Chain "inet filter input" jumps to lb_agent before its own rules. Those must let through what is not there:
# interface lo, answers (ct state established), for IPv6 neighbour discovery.
#
# check   nft -c -f /etc/nftables.d/lb-agent.nft
# keep    include "/etc/nftables.d/lb-agent.nft"    at the end of /etc/nftables.conf, which begins with
#         "flush ruleset"; systemctl reload nftables then loads all of it in one step, again, too
# By hand, the jumps of the last time go in the same step (nft -f alone leaves them there: superfluous, no harm):
#         old() {
#             nft -a list chain inet filter input | sed -n 's/.*jump lb_agent .*# handle/delete rule inet filter input handle/p'
#         }
# load    { old; cat /etc/nftables.d/lb-agent.nft; } | nft -f -
# undo    { old; echo 'delete chain inet filter lb_agent'; } | nft -f -

add chain inet filter lb_agent
flush chain inet filter lb_agent
table inet filter {
    chain lb_agent {
        # VRRP (IP protocol 112) from the other nodes only: lb2.
        ip6 saddr fd00:17:3::12 meta l4proto 112 accept
        meta l4proto 112 drop

        # The services, at the VIPs alone: a program of this node that has the same port is not opened. This also takes
        # what arrives after a VIP has moved, and which keepalived lets in without the address (ip rule, table 5798).
        ip daddr 10.17.5.10 tcp dport 80 accept comment "http"
        ip6 daddr fd00:17:5::10 tcp dport 80 accept comment "http"
        ip daddr 10.17.5.10 tcp dport 443 accept comment "https"
        ip6 daddr fd00:17:5::10 tcp dport 443 accept comment "https"

        # The agent's port (http.listen): for the other nodes, which ask who holds what, and for scrapers.
        ip6 saddr fd00:17:3::12 tcp dport 9853 accept comment "other nodes"
        ip saddr 10.0.0.0/24 tcp dport 9853 accept comment "scraper"
        ip6 saddr fd00::5 tcp dport 9853 accept comment "scraper"
    }
}
insert rule inet filter input jump lb_agent
`,
  )
})

const NODES = 'nodes:\n  a: { address: 10.0.0.1, interface: eth0 }\n  b: { address: 10.0.0.2, interface: eth1.100 }\n'
const REST =
  'pools: { p: { s: 10.0.1.1, t: { address: 10.0.1.2, port: 81 }, u: 10.0.1.3 } }\nservices: { w: { vip: v, port: 80, pool: p } }'
const OUT = 'inet filter output'

test('multicast is known by address where lb.yaml has it, and otherwise by the interface', () => {
  const multicast = (nodes: string, vips: string): string[] =>
    rulesOf(print(specOf(`${nodes}vrrp: { transport: multicast }\nvips: {${vips}}\n${REST}`), 'b', { intoOutput: OUT }))
  const four = 'v: { address: 10.0.0.9, virtualRouterId: 1, prefer: [a, b] }'
  const six = 'x: { address: fd00::9, virtualRouterId: 2, prefer: [a, b] }'
  const both = multicast(NODES, `${four}, ${six}`).filter((rule) => rule.includes('112'))
  assert.deepEqual(both, [
    'ip saddr 10.0.0.1 ip daddr 224.0.0.18 meta l4proto 112 accept',
    'iifname "eth1.100" ip6 saddr fe80::/10 ip6 daddr ff02::12 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip daddr 224.0.0.18 meta l4proto 112 accept',
    'ip6 daddr ff02::12 meta l4proto 112 accept',
  ])
  const bySix = multicast(NODES.replace('10.0.0.1', '"fd00::1"'), four).filter((rule) => rule.includes('112'))
  assert.deepEqual(bySix, [
    'iifname "eth1.100" ip daddr 224.0.0.18 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip daddr 224.0.0.18 meta l4proto 112 accept',
  ])
})

test('services of a VIP that the node may not hold stay closed; its own VIP has no peers, and it checks all servers', () => {
  const vips =
    'vips:\n  v: { address: 10.0.0.9, virtualRouterId: 1, prefer: [a] }\n  x: { address: 10.0.0.8, virtualRouterId: 2, prefer: [b, a] }\n'
  const spec = specOf(`${NODES}${vips}${REST}`)
  const options = { into: 'inet filter input', intoOutput: OUT }
  const servers = [
    'ip daddr { 10.0.1.1, 10.0.1.3 } tcp dport 80 accept comment "servers of w"',
    'ip daddr 10.0.1.2 tcp dport 81 accept comment "servers of w"',
  ]
  assert.deepEqual(rulesOf(print(spec, 'a', options)), [
    'ip saddr 10.0.0.2 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip daddr 10.0.0.9 tcp dport 80 accept comment "w"',
    'ip saddr 10.0.0.2 tcp dport 9853 accept comment "other nodes"',
    'ip daddr 10.0.0.2 meta l4proto 112 accept',
    'ip daddr 224.0.0.18 meta l4proto 112 accept',
    'ip daddr 10.0.0.2 tcp dport 9853 accept',
    ...servers,
  ])
  assert.deepEqual(rulesOf(print(spec, 'b', options)), [
    'ip saddr 10.0.0.1 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip saddr 10.0.0.1 tcp dport 9853 accept comment "other nodes"',
    'ip daddr 10.0.0.1 meta l4proto 112 accept',
    'ip daddr 10.0.0.1 tcp dport 9853 accept',
    ...servers,
  ])
})

test('a node that is alone hears nobody', () => {
  const spec = specOf(
    `nodes: { a: { address: 10.0.0.1, interface: eth0 } }\nvips: { v: { address: 10.0.0.9, virtualRouterId: 1, prefer: [a] } }\n${REST}`,
  )
  const text = print(spec, 'a')
  assert.match(text, /# VRRP \(IP protocol 112\) from the other nodes only: nobody, there is no other node\.\n/)
  assert.deepEqual(rulesOf(text), ['meta l4proto 112 drop', 'iif "lo" tcp dport 9853 accept', 'tcp dport 9853 drop'])
})

test('a table of family ip or ip6 is told what it sees', () => {
  const four = print(example('dual-stack'), 'lb1', { into: 'ip filter INPUT' })
  assert.match(four, /\n# Family ip sees IPv4 only: the rest is left out\.\n/)
  assert.deepEqual(rulesOf(four), [
    'ip daddr 10.17.5.10 tcp dport 80 accept comment "http"',
    'ip daddr 10.17.5.10 tcp dport 443 accept comment "https"',
  ])
  assert.deepEqual(rulesOf(print(example('dual-stack'), 'lb1', { into: 'ip6 filter input' })), [
    'ip6 saddr fd00:17:3::12 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip6 daddr fd00:17:5::10 tcp dport 80 accept comment "http"',
    'ip6 daddr fd00:17:5::10 tcp dport 443 accept comment "https"',
    'ip6 saddr fd00:17:3::12 tcp dport 9853 accept comment "other nodes"',
  ])
})

test('scrapers are written once, in canonical form, however they are given', () => {
  const read = parseFirewallOptions({ port: '80', scraper: ['10.0.0.5, FD00:0::5', '10.0.0.5/32,10.0.0.0/8'] })
  assert.deepEqual(read, {
    kind: 'options',
    options: {
      agentPort: 80,
      scrapers: [
        { address: '10.0.0.5', prefixLength: 32 },
        { address: 'fd00::5', prefixLength: 128 },
        { address: '10.0.0.0', prefixLength: 8 },
      ],
      into: undefined,
      intoOutput: undefined,
    },
  })
})

const SCRAPER =
  'a scraper is an IPv4 or IPv6 address, such as 10.17.5.10, 10.17.5.10/24 or fd00:17::10, and not loopback, link-local, multicast or 0.0.0.0'
const CHAIN =
  "it is the family (inet, ip or ip6), the table and the chain in one word, such as --into 'inet filter input'"

test('every word that means nothing gets its sentence, all at once', () => {
  assert.deepEqual(wrong({ port: '0', scraper: ['10.0.0.5,lb1', ''], into: 'filter input', intoOutput: 'arp a b' }), [
    '--port is "0"; a port is 1-65535',
    `--scraper is "lb1"; ${SCRAPER}`,
    `--scraper is ""; ${SCRAPER}`,
    `--into is "filter input"; ${CHAIN}`,
    `--into-output is "arp a b"; ${CHAIN}`,
  ])
  for (const own of ['inet filter lb_agent', 'inet filter lb_agent_output'])
    assert.deepEqual(wrong({ into: own }), [
      `--into is "${own}"; that is a chain which this file writes; name the one that has the hook and jumps there`,
    ])
})

test('no word of a command line becomes a word of nft', () => {
  const ends = [
    '; flush ruleset',
    '\nflush ruleset',
    ' }',
    ' # x',
    '"',
    "'",
    '$x',
    '\\',
    '\0',
    '/x',
    '*',
    '@x',
    ' accept',
  ]
  for (const end of ends) {
    assert.equal(wrong({ port: `9853${end}` }).length, 1)
    assert.equal(wrong({ scraper: [`10.0.0.5${end}`] }).length, 1)
    assert.equal(wrong({ into: `inet filter input${end}` }).length, 1)
    assert.equal(wrong({ into: `inet filter${end} input` }).length, 1)
    assert.equal(wrong({ into: `inet${end} filter input` }).length, 1)
  }
  for (const scraper of [
    '0.0.0.0/0',
    '::/0',
    '127.0.0.1',
    'fe80::1',
    '224.0.0.18',
    '::ffff:10.0.0.1',
    '10.0.0.0/33',
    '10.0.0.5-10.0.0.9',
  ])
    assert.equal(wrong({ scraper: [scraper] }).length, 1, scraper)
})
