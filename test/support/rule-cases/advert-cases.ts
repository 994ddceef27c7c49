import { AUTH, BY_MULTICAST, type RuleCase, V2 } from './rule-case.ts'

/** Nodes that drop each other's adverts, or that never get them. */
export const ADVERT_CASES: readonly RuleCase[] = [
  {
    observed: 'lists of addresses that differ leave two holders',
    rule: 'TWO-HOLDERS',
    found: { lb1: [['    10.0.0.10/32', '    10.0.0.10/32\n    10.0.0.11/32']] },
    says: [
      'error TWO-HOLDERS lb1 and lb2 hold 10.0.0.10 at the same time while all is well: they do not hear each other (lb1.conf:14, lb2.conf:14) → see the other findings; lb-agent doctor on the nodes says whether VRRP reaches them',
    ],
    near: { lb1: [['  track_script {', '  virtual_ipaddress_excluded {\n    10.0.0.99/32\n  }\n  track_script {']] },
  },
  {
    observed: 'nodes that differ in the virtual router id of an address',
    rule: 'VRID-DIFFERS',
    found: { lb2: [['virtual_router_id 61', 'virtual_router_id 62']] },
    says: [
      'error VRID-DIFFERS 10.0.0.10 has virtual router id 61 on lb1 and 62 on lb2: each id elects a holder of its own, so that several nodes hold it (lb1.conf:13, lb2.conf:13) → the same virtual_router_id on all nodes',
    ],
    near: { both: [['virtual_router_id 61', 'virtual_router_id 62']] },
  },
  {
    observed: 'one id for two addresses',
    rule: 'VRID-TWICE',
    found: { lb2: [['10.0.0.10/32', '10.0.0.20/32']] },
    says: [
      'warning VRID-TWICE virtual router id 61 is 10.0.0.10 on lb1 and 10.0.0.20 on lb2: each of them drops the adverts of the other, and logs that (lb1.conf:13, lb2.conf:13) → an id of its own for each address, and the same one on all of its nodes',
    ],
    near: {
      lb2: [
        ['10.0.0.10/32', '10.0.0.20/32'],
        ['_router_id 61', '_router_id 62'],
      ],
    },
  },
  {
    observed: 'the id of the examples',
    rule: 'VRID-51',
    found: { both: [['_router_id 61', '_router_id 51']] },
    says: [
      "note VRID-51 10.0.0.10 has virtual router id 51, as in keepalived's examples: by unicast no other pair hears of it; where one of them changes to multicast, each drops the adverts of the other (lb1.conf:13, lb2.conf:13) → another one of 1-255",
    ],
    near: { both: [['_router_id 61', '_router_id 52']] },
  },
  {
    observed: 'intervals that differ, with VRRPv3',
    rule: 'ADVERT-INTERVAL',
    found: { lb2: [['advert_int 0.1', 'advert_int 0.2']] },
    says: [
      'warning ADVERT-INTERVAL adverts of 10.0.0.10 are sent every 100 ms on lb1 and 200 ms on lb2: how soon a lost node is missed depends on who is the MASTER (lb1.conf:15, lb2.conf:15) → the same advert_int on all nodes',
    ],
    near: { both: [['advert_int 0.1', 'advert_int 0.2']] },
  },
  {
    observed: 'intervals that differ, with VRRPv2',
    rule: 'ADVERT-INTERVAL',
    found: { both: V2, lb2: [['advert_int 1', 'advert_int 2']] },
    says: [
      'error ADVERT-INTERVAL adverts of 10.0.0.10 are sent every 1000 ms on lb1 and 2000 ms on lb2: with VRRPv2 a node drops those of another interval, so that both hold it (lb1.conf:15, lb2.conf:15) → the same advert_int on all nodes',
    ],
    near: { both: V2 },
  },
  {
    observed: 'parts of a second with VRRPv2',
    rule: 'ADVERT-V2',
    found: { both: [['version 3', 'version 2']] },
    says: [
      'warning ADVERT-V2 advert_int of api is 0.1, and VRRPv2 has whole seconds (version 3 has hundredths); keepalived takes 1 (lb1.conf:15, lb2.conf:15) → version 3 on all nodes, or whole seconds',
    ],
    near: { both: V2 },
  },
  {
    observed: 'an address that only one list has',
    rule: 'VIPS-DIFFER',
    found: { lb2: [['    10.0.0.10/32', '    10.0.0.10/32\n    10.0.0.20/32']] },
    says: [
      'error VIPS-DIFFER virtual router 61 has 10.0.0.20 only on lb2: each node drops the adverts of the other ("received an unexpected ip number count"), so that both hold the addresses (lb1.conf:20, lb2.conf:20) → the same virtual_ipaddress on all nodes; what differs can go into virtual_ipaddress_excluded',
    ],
    near: { both: [['    10.0.0.10/32', '    10.0.0.10/32\n    10.0.0.20/32']] },
  },
  {
    observed: 'versions that differ',
    rule: 'VERSION',
    found: { lb2: V2 },
    says: [
      'error VERSION 10.0.0.10 is announced by VRRPv3 on lb1 and by VRRPv2 on lb2: neither takes the adverts of the other, so that both hold it (lb1.conf:12, lb2.conf:12) → the same version on all nodes (vrrp_version, version)',
    ],
    near: { both: V2 },
  },
  {
    observed: 'a password of more than 8 characters',
    rule: 'AUTH',
    found: { both: [...V2, AUTH('longer-than-8')] },
    says: [
      'warning AUTH auth_pass is longer than 8 characters, and keepalived uses the first 8 (lb1.conf:22, lb2.conf:22) → shorten it on all nodes',
    ],
    near: { both: [...V2, AUTH('short')] },
  },
  {
    observed: 'authentication with VRRPv3',
    rule: 'AUTH',
    found: { both: [AUTH('short')] },
    says: [
      'warning AUTH authentication of api does nothing, because VRRPv3 has none (lb1.conf:21, lb2.conf:21) → take it away on all nodes, or mend that',
    ],
    near: {},
  },
  {
    observed: 'passwords that differ',
    rule: 'AUTH',
    found: { both: V2, lb1: [AUTH('one')], lb2: [AUTH('two')] },
    says: [
      'error AUTH 10.0.0.10 has other authentication on lb1 than on lb2: neither takes the adverts of the other, so that both hold it (lb1.conf:20, lb2.conf:20) → the same auth_type and auth_pass on all nodes',
    ],
    near: { both: [...V2, AUTH('one')] },
  },
  {
    observed: 'a peer that the lower node does not know',
    rule: 'PEERS',
    found: { lb2: [['    10.0.0.11', '    10.0.0.13']] },
    says: [
      'warning PEERS api on lb2 does not send its adverts to lb1 (10.0.0.11): while lb2 is MASTER, lb1 does not hear that, and takes 10.0.0.10 as well (lb2.conf:17, lb1.conf:16) → 10.0.0.11 in unicast_peer of lb2',
    ],
    near: { lb2: [['    10.0.0.11', '    10.0.0.13\n    10.0.0.11']] },
  },
  {
    observed: 'a peer that the MASTER does not know',
    rule: 'PEERS',
    found: { lb1: [['    10.0.0.12', '    10.0.0.13']] },
    says: [
      'error PEERS api on lb1 does not send its adverts to lb2 (10.0.0.12): while lb1 is MASTER, lb2 does not hear that, and takes 10.0.0.10 as well (lb1.conf:17, lb2.conf:16) → 10.0.0.12 in unicast_peer of lb1',
    ],
    near: { both: BY_MULTICAST },
  },
  {
    observed: 'multicast here and unicast there',
    rule: 'PEERS',
    found: { lb1: BY_MULTICAST },
    says: [
      'error PEERS 10.0.0.10 is announced by multicast on lb1 and by unicast on lb2: they do not hear each other, so that both hold it (lb1.conf:11, lb2.conf:17) → unicast_peer on all nodes, or on none',
    ],
    near: { both: BY_MULTICAST },
  },
]
