import assert from 'node:assert/strict'
import { test } from 'node:test'
import { example, print } from '../support/printed-firewall.ts'

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
