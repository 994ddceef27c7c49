import { type Row, tell, withAddress } from '../support/keepalived-problems.ts'

const ADDRESS: readonly Row[] = [
  [
    '10.0.0.300',
    '6:1 10.0.0.300 is not an IP address, so keepalived leaves it out; write an address first on its line',
  ],
  ['10.0.0.1/33', '6:1 the prefix length of 10.0.0.1/33 is not within 0-32, so keepalived takes 32'],
  [
    'dev eth0 10.0.0.1',
    '6:1 dev is not an IP address, so keepalived leaves it out; write an address first on its line',
  ],
  ['10.0.0.1 dev', '6:10 dev of 10.0.0.1 has no value, so keepalived leaves the address out; write one behind it'],
  ['10.0.0.1 dev eth0 dev eth1', '6:19 10.0.0.1 has dev twice, so keepalived leaves it out; take one away'],
  ['10.0.0.1 nodad', '6:10 keepalived knows no "nodad" behind an address; take it away'],
  [
    '10.0.0.1 brd 10.0.0.x',
    '6:14 brd 10.0.0.x is not an IPv4 address, so keepalived leaves 10.0.0.1 out; write one, or + or -',
  ],
  ['10.0.0.1 brd +', '6:14 10.0.0.1 is too small a network for a broadcast; write its prefix length, or take brd away'],
  [
    '10.0.0.1 label eth0:a-long-label',
    '6:16 label eth0:a-long-label is longer than 15, so keepalived leaves 10.0.0.1 out; shorten it',
  ],
  ['10.0.0.1 scope universe', '6:16 keepalived knows no scope universe; write global, site, link, host or a number'],
  ['10.0.0.1 peer fd00::1', '6:15 peer fd00::1 is not an IPv4 address as 10.0.0.1 is'],
  ['10.0.0.1/24 peer 10.0.0.2', '6:1 10.0.0.1/24 has a prefix length and a peer; take one away'],
  ['10.0.0.1 brd 10.0.0.9 peer 10.0.0.2', '6:14 10.0.0.1 has a broadcast and a peer; take one away'],
  ['10.0.0.1 preferred_lft long', '6:24 preferred_lft long is neither seconds nor forever'],
  ['fe80::1', '6:1 fe80::1/128 is IPv6 and VI_1 is IPv4, so keepalived leaves it out; make an instance per family'],
]

tell('an address', ADDRESS, withAddress)
