import type { RuleCase } from './rule-case.ts'

/** VIPs that lie where no node is, or that one node alone may hold. */
export const ADDRESS_CASES: readonly RuleCase[] = [
  {
    observed: 'nodes in two networks',
    rule: 'VIP-SUBNET',
    found: {
      lb2: [['unicast_src_ip 10.0.0.12', 'unicast_src_ip 10.0.1.12']],
      lb1: [['    10.0.0.12', '    10.0.1.12']],
    },
    says: [
      'warning VIP-SUBNET lb1 (10.0.0.11) and lb2 (10.0.1.12) look as if they were in different networks (taken for /24, or /64), and all may hold 10.0.0.10: a VIP moves by ARP, inside one network, so clients reach it on one side only (lb1.conf:16, lb2.conf:16) → nodes of one network, unless a bridge or one larger network joins them',
    ],
    near: {
      lb2: [['unicast_src_ip 10.0.0.12', 'unicast_src_ip 10.0.0.200']],
      lb1: [['    10.0.0.12', '    10.0.0.200']],
    },
  },
  {
    observed: 'a VIP with the prefix length of another network',
    rule: 'VIP-PREFIX',
    found: { both: [['10.0.0.10/32', '10.0.5.10/24\n    10.0.5.11/24']] },
    says: [
      'warning VIP-PREFIX 10.0.5.10/24 and 10.0.5.11/24 bring a route to 10.0.5.0/24, where no node is: the node with the VIP looks for all of that network on its own link (lb1.conf:20, lb2.conf:20) → 10.0.5.10/32 and 10.0.5.11/32',
    ],
    near: { both: [['10.0.0.10/32', '10.0.0.10/24']] },
  },
  {
    observed: 'a VIP that a node has',
    rule: 'VIP-NODE',
    found: { both: [['10.0.0.10/32', '10.0.0.11/32']] },
    says: [
      'error VIP-NODE 10.0.0.11 is the address of lb1 itself, and lb1 and lb2 may take it as a VIP: it is there twice, and keepalived takes it off lb1 when that is not MASTER (lb1.conf:20, lb2.conf:20) → an address that nobody has',
    ],
    near: { both: [['10.0.0.10/32', '10.0.0.13/32']] },
  },
  {
    observed: 'an instance that one node has',
    rule: 'VIP-ONE-NODE',
    found: {
      lb1: [
        [
          'vrrp_instance api',
          'vrrp_instance web {\n  interface eth0\n  version 3\n  virtual_router_id 62\n  virtual_ipaddress {\n    10.0.0.20\n  }\n}\nvrrp_instance api',
        ],
      ],
    },
    says: [
      'warning VIP-ONE-NODE only lb1 may hold 10.0.0.20: without that node nobody serves it (lb1.conf:9) → the same instance on another node',
    ],
    near: {},
  },
]
