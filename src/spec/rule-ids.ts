/** The rules of the proof, as `prove`, `rules` and `accept:` of lb.yaml name them, with what each one finds. */
export const RULES = {
  TAKEOVER: 'a fault leaves a VIP without a node that serves it, although one could',
  'TWO-HOLDERS': 'two nodes answer for a VIP',
  OWNER: 'the node that should hold a VIP does not have the highest priority',
  TIE: 'equal priorities: who starts first holds the VIP',
  WEIGHT: 'a check fails, and its weight is too small to move the VIP',
  NOPREEMPT: 'nopreempt, and a weight that should move the VIP',
  'PREEMPT-DELAY': 'preempt_delay, which also delays the takeover from a node that is not well',
  'STATE-MASTER': 'state MASTER on more than one node',
  'VRID-TWICE': 'one virtual router id for two VIPs on one network',
  'VRID-DIFFERS': 'nodes differ in the virtual router id of a VIP, and elect a holder each',
  'VRID-51': 'virtual router id 51, which everybody has',
  'ADVERT-INTERVAL': 'nodes differ in the advert interval of a VIP',
  'ADVERT-V2': 'adverts more often than once a second with VRRPv2, which has whole seconds only',
  'VIPS-DIFFER': 'nodes differ in the addresses of an instance, and drop the adverts of each other',
  VERSION: 'nodes differ in the VRRP version of a VIP, and do not hear each other',
  AUTH: 'authentication that does not protect: ignored, cut, or different',
  PEERS: 'unicast peers that are missing, or know of each other on one side only',
  'SCRIPT-TIMEOUT': 'a check may run longer than the time until the next one',
  'SCRIPT-SECURITY': 'scripts that anybody may have written, or that keepalived may leave out',
  'SCRIPT-UNREAD': 'a check of which it cannot be told what it notices',
  'VIP-SUBNET': 'nodes of a VIP in different networks; it moves by ARP, inside one',
  'VIP-PREFIX': 'a VIP whose prefix length brings a route to a network that no node is in',
  'VIP-NODE': 'a VIP that is the address of a node',
  'VIP-ONE-NODE': 'a VIP that only one node may hold',
  KEEPALIVED: 'what keepalived does not accept in a keepalived.conf, or takes otherwise than it is meant',
  'API-TIMEOUT': 'short timeouts for a Kubernetes API, whose watches are silent for minutes',
  CHECK: 'servers are checked by a connection alone',
  'NONLOCAL-BIND': 'a bind to an address that the node may not have',
  STATS: 'statistics that everybody can read',
  'ONE-SERVER': 'a pool of one server',
  'AGENT-PORT': 'a port that lb-agent itself needs',
} as const

export type RuleId = keyof typeof RULES

export const RULE_IDS = Object.keys(RULES) as readonly RuleId[]
