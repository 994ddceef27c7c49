import type { RuleId } from '../spec/rule-ids.ts'
import { CHECKS_THAT_SEE } from './checks-that-see.ts'
import type { Severity } from './finding.ts'
import { LB_YAML_TEXTS } from './lb-yaml-texts.ts'

/**
 * `severity`: the gravest that the rule gives. `less`: another one that it gives, and when. `over`: which files it looks at.
 * `example`: what to write instead, ready to be copied.
 */
export type RuleText = {
  severity: Severity
  less?: { severity: Severity; when: string }
  over: 'lb.yaml' | 'hand-written files' | 'both'
  why: string
  fix: string
  example?: string
}

/** `error; warning for hand-written files` */
export function severities({ severity, less }: Pick<RuleText, 'severity' | 'less'>): string {
  return less === undefined ? severity : `${severity}; ${less.severity} ${less.when}`
}

/** What `lb-agent rules` says of each rule beside what it finds. */
export const RULE_TEXTS: Readonly<Record<RuleId, RuleText>> = {
  TAKEOVER: {
    severity: 'error',
    less: { severity: 'warning', when: 'for a check that asks the VIP' },
    over: 'both',
    why: 'An address that stays on a node that cannot serve it is an outage that lasts until a person comes.',
    fix: 'Let keepalived follow what tells of the fault, with weight 0 or with one that outweighs the order of the priorities.',
    example: CHECKS_THAT_SEE,
  },
  'TWO-HOLDERS': {
    severity: 'error',
    less: { severity: 'note', when: 'where keepalived is killed' },
    over: 'both',
    why: 'Two machines that answer for an address break connections at random, as ARP caches change their mind.',
    fix: 'See why the nodes do not hear each other; let systemd start keepalived again and take off what it left behind.',
  },
  OWNER: {
    severity: 'error',
    over: 'both',
    why: 'keepalived follows priorities. state MASTER says only who begins, and a comment says nothing.',
    fix: 'Give the node that should hold the VIP the highest priority; in lb.yaml the first of prefer has it.',
  },
  TIE: {
    severity: 'error',
    less: { severity: 'warning', when: 'for hand-written files' },
    over: 'both',
    why: 'A BACKUP stays BACKUP while it hears a priority that is not below its own (RFC 5798 §6.4.2): who started first keeps the VIP, and nobody knows which node that is. An error where lb.yaml says who should hold it.',
    fix: 'Priorities of their own, apart by less than the weight of every check.',
  },
  WEIGHT: {
    severity: 'error',
    less: { severity: 'warning', when: 'where it takes the fault on two nodes' },
    over: 'both',
    why: 'A failed check changes the priority by its weight. If another node is not above it then, the VIP stays where it is not served.',
    fix: 'A weight that outweighs the difference of the priorities, or weight 0, which takes the node out of the election.',
  },
  NOPREEMPT: {
    severity: 'error',
    less: { severity: 'warning', when: 'where no fault leaves a VIP unserved by it' },
    over: 'both',
    why: 'With nopreempt a BACKUP accepts adverts of any priority, so a MASTER that lowers its own stays MASTER; only FAULT moves the VIP. An error where a fault leaves a VIP unserved by it.',
    fix: 'Weight 0 for what should move the VIP, or no nopreempt.',
  },
  'PREEMPT-DELAY': {
    severity: 'warning',
    over: 'both',
    why: 'preempt_delay counts for every MASTER of a lower priority, also for one whose check has just failed.',
    fix: 'Weight 0, or no preempt_delay; lb-agent holds a node that has recovered back by its score instead.',
  },
  'STATE-MASTER': {
    severity: 'note',
    over: 'hand-written files',
    why: 'state says nothing of who becomes MASTER: keepalived listens first, and the priority decides (measured with 2.2.7). It makes nopreempt and preempt_delay do nothing.',
    fix: 'state BACKUP on all nodes.',
  },
  'VRID-TWICE': {
    severity: 'error',
    less: { severity: 'warning', when: 'where no VIP has two holders by it' },
    over: 'both',
    why: 'keepalived drops adverts that name other addresses than its own, and logs each of them. Two clusters live with that; nodes that should share an address do not hear each other, which is an error.',
    fix: 'One virtual router id for each address, the same on all nodes.',
  },
  'VRID-DIFFERS': {
    severity: 'error',
    over: 'both',
    why: 'A virtual router is known by its id: nodes with two ids for one address hold two elections, and the winner of each takes it.',
    fix: 'The same virtual_router_id on all nodes; in a template of your own the one of lb.yaml.',
  },
  'VRID-51': {
    severity: 'warning',
    less: { severity: 'note', when: 'by unicast' },
    over: 'both',
    why: 'keepalived’s examples, and what was copied from them, have 51: the next pair in this network probably has it too, and the logs of both fill with dropped adverts.',
    fix: 'Another virtual router id.',
  },
  'ADVERT-INTERVAL': {
    severity: 'error',
    less: { severity: 'warning', when: 'with VRRPv3' },
    over: 'both',
    why: 'VRRPv2 drops adverts of another interval; VRRPv3 takes the MASTER’s, so how soon a lost node is missed changes with the holder.',
    fix: 'The same advert_int on all nodes.',
  },
  'ADVERT-V2': {
    severity: 'warning',
    over: 'hand-written files',
    why: 'VRRPv2 writes whole seconds into its adverts (RFC 3768 §5.3.7): keepalived rounds, so that a lost node is missed later than the file says.',
    fix: 'version 3 on all nodes, or whole seconds.',
  },
  'VIPS-DIFFER': {
    severity: 'error',
    over: 'both',
    why: 'keepalived compares the addresses of an advert with its own, and drops it when they differ: each node then thinks that it is alone.',
    fix: 'The same virtual_ipaddress on all nodes; others in virtual_ipaddress_excluded.',
  },
  VERSION: {
    severity: 'error',
    over: 'both',
    why: 'VRRPv2 and VRRPv3 do not hear each other.',
    fix: 'One version for all nodes.',
  },
  AUTH: {
    severity: 'error',
    less: { severity: 'warning', when: 'where the nodes do not differ' },
    over: 'hand-written files',
    why: 'VRRPv3 has no authentication, VRRPv2 sends 8 characters in clear text. Nodes that differ in it do not hear each other, which is an error.',
    fix: 'A firewall that lets protocol 112 in from the other nodes only: lb-agent firewall prints one.',
  },
  PEERS: {
    severity: 'error',
    less: { severity: 'warning', when: 'where no VIP has two holders by it' },
    over: 'both',
    why: 'By unicast a node sends its adverts to unicast_peer and to nobody else: whom it leaves out does not hear it, and takes the VIP as well. An error where that lasts.',
    fix: 'Every other node of the VIP in unicast_peer of every node.',
  },
  'SCRIPT-TIMEOUT': {
    severity: 'warning',
    over: 'hand-written files',
    why: 'A check that hangs counts as failed only after its timeout; keepalived before 2.3.3 starts further ones beside it meanwhile.',
    fix: 'A timeout of at most the interval.',
  },
  'SCRIPT-SECURITY': {
    severity: 'error',
    less: { severity: 'warning', when: 'where the scripts run all the same' },
    over: 'hand-written files',
    why: 'Without enable_script_security keepalived runs a script as root that another user may have written. With it, and without script_user, they are to run as keepalived_script: where that user does not exist, as on Debian, keepalived removes them, and the node is without its check, which is an error.',
    fix: 'enable_script_security and script_user in global_defs.',
  },
  'SCRIPT-STATUS': {
    severity: 'warning',
    over: 'hand-written files',
    why: 'keepalived learns from a check whether its exit status is 0, and nothing else: what ends with || true or exit 0 has never failed, and what ends with a restart fails when that does.',
    fix: 'Let what looks be the last command; let systemd start HAProxy again.',
  },
  'SCRIPT-PORT': {
    severity: 'error',
    less: { severity: 'warning', when: 'where the nodes can hold their addresses all the same' },
    over: 'hand-written files',
    why: 'A check of another program goes on saying that all is well when HAProxy is dead. One that asks an address at which HAProxy does not listen, such as 127.0.0.1 where it is bound to a VIP, fails on every node while all is well: with weight 0 none of them takes the VIPs, which is an error, and with another weight it tells nothing.',
    fix: 'The port of a frontend that is bound to 127.0.0.1.',
  },
  'SCRIPT-UNREAD': {
    severity: 'note',
    over: 'hand-written files',
    why: 'A script can be judged by what it calls; one that is not there, or calls nothing that is known, is taken to notice a dead HAProxy, and nothing else. A file is taken to stay as it is.',
    fix: 'Put the script beside keepalived.conf, under the name that it has there; or try it on a node.',
  },
  'VIP-SUBNET': {
    severity: 'warning',
    over: 'both',
    why: 'Whoever takes a VIP announces it by ARP, which does not leave its network: a node in another one has the address, and nobody finds it there. Networks are taken for /24 (IPv6: /64).',
    fix: 'Nodes of one network; accept the rule where a bridge, or one larger network, joins them.',
  },
  'VIP-PREFIX': {
    severity: 'warning',
    over: 'both',
    why: 'A prefix length below /32 adds a route to the whole network; if that is not the node’s own, answers to it leave by the wrong way.',
    fix: '/32 (IPv6: /128), which is what an address without a prefix length gets.',
  },
  'VIP-NODE': {
    severity: 'error',
    over: 'both',
    why: 'keepalived takes a VIP off the node when it is not MASTER: a node would lose its own address.',
    fix: 'An address that nobody has.',
  },
  'VIP-ONE-NODE': {
    severity: 'warning',
    over: 'both',
    why: 'Nobody takes the VIP over when its only node is lost.',
    fix: 'A second node for it.',
  },
  KEEPALIVED: {
    severity: 'error',
    less: { severity: 'warning', when: 'or note where it changes little' },
    over: 'hand-written files',
    why: 'keepalived leaves out what it does not understand, and goes on with the rest: without a check, an address, an instance. With some mistakes it does not start at all. Where it changes nothing, it is a warning.',
    fix: 'What the finding says; keepalived -t -f FILE tells most of it on the node.',
  },
  'API-TIMEOUT': {
    severity: 'warning',
    over: 'both',
    why: 'Watches of a Kubernetes API are silent for minutes, and kubectl logs -f and exec for as long as nothing happens.',
    fix: 'profile: kubernetes-api in lb.yaml; timeout client, server and tunnel of some hours in haproxy.cfg.',
  },
  CHECK: {
    severity: 'warning',
    less: { severity: 'note', when: 'for other servers than a Kubernetes API' },
    over: 'both',
    why: 'The kernel accepts connections for a process that hangs, so a check by connection alone keeps it in use.',
    fix: 'A check that asks for a page: /readyz for a Kubernetes API.',
  },
  'NONLOCAL-BIND': {
    severity: 'warning',
    less: { severity: 'note', when: 'for a transparent bind' },
    over: 'hand-written files',
    why: 'HAProxy cannot bind an address that another node holds, unless the kernel lets it (net.ipv4.ip_nonlocal_bind) or the bind is transparent: it does not start on the BACKUP then.',
    fix: 'net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d, on every node.',
  },
  STATS: {
    severity: 'warning',
    over: 'hand-written files',
    why: 'The statistics page names every server, and with stats admin it takes them out.',
    fix: 'A bind on 127.0.0.1, or stats auth with a password that is not in the repository.',
  },
  'ONE-SERVER': {
    severity: 'warning',
    over: 'both',
    why: 'Balancers that fail over in milliseconds do not help when what they balance is one machine.',
    fix: 'A second server.',
  },
  TEMPLATE: {
    severity: 'error',
    over: 'lb.yaml',
    why: 'The agent proves each release by what the daemons say: HAProxy at its stats socket and at /alive, keepalived through its FIFO, each instance under the name of its VIP. A file of an own template that leaves such a thing out loads well, and is rolled back.',
    fix: 'The line of lb-agent’s own template, whose first comment lists the variables.',
  },
  ...LB_YAML_TEXTS,
  'AGENT-PORT': {
    severity: 'warning',
    less: { severity: 'note', when: 'for hand-written files' },
    over: 'both',
    why: 'lb-agent answers on port 9853 of every address of its node, and HAProxy on port 8405 of the loopback address.',
    fix: 'Another port; or http.listen in agent.yaml, haproxy.healthPort in lb.yaml.',
  },
}
