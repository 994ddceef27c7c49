import { type Random, randomOf } from '../support/random.ts'

/** A text that may be a keepalived.conf, or nothing of the kind; the same for the same seed. */
export function keepalivedTextOf(seed: number): string {
  const random = randomOf(seed)
  const kind = random.below(100)
  if (kind < 45) return fragments(random)
  if (kind < 60) return bytes(random)
  if (kind < 99) return mutated(random, 130)
  return mutated(random, 10_000)
}

const WORDS =
  `global_defs vrrp_instance vrrp_script vrrp_sync_group track_file vrrp_track_file vrrp_track_process virtual_server
  virtual_ipaddress virtual_ipaddress_excluded unicast_peer unicast_src_ip mcast_src_ip mcast_dst_ip authentication auth_type
  auth_pass PASS AH track_script track_process track_interface track_bfd group script interval timeout weight reverse noreverse
  rise fall user init_fail file init_file overwrite process quorum quorum_max terminate_delay state MASTER BACKUP interface
  virtual_router_id priority advert_int version nopreempt preempt preempt_delay native_ipv6 strict_mode skip_check_adv_addr
  use_vmac unicast_ttl min_ttl max_ttl dev label scope brd peer vrrp_version vrrp_strict router_id enable_script_security
  script_user notify include includem @lb1 @^lb1 @lb2 eth0 VI_1 VI_2 chk gate 10.0.0.1 10.0.0.1/24 10.0.0.2/33 fe80::1 fd00::1/64
  0 1 2 3 100 255 256 -1 0.1 0.005 1e3 0x10 99999999999999999999 on off true`.split(/\s+/)

const MARKS = [
  ...[
    '{',
    '}',
    ' {\n',
    '\n}\n',
    '"',
    "'",
    '#',
    '!',
    '\\',
    '\\\n',
    '\n',
    '\n',
    '\n',
    ' ',
    ' ',
    '\t',
    '\r\n',
    '=',
    ',',
    ')',
  ],
  ...[
    '$A',
    `\${A}`,
    '$A=',
    `$A=\${A}\${A}\n`,
    `\${_HASH}`,
    `\${_RANDOM 1 2}`,
    '~SEQ(X, 1, 3) ',
    '~LST(',
    '\0',
    '\ufeff',
    'é',
    '\ud800',
  ],
]

function fragments(random: Random): string {
  let text = ''
  for (let left = 1 + random.below(14); left > 0; left -= 1) {
    const from = random.below(3) === 0 ? MARKS : WORDS
    text += from[random.below(from.length)]
    if (random.below(2) === 0) text += ' '
  }
  // Now and then more of it than keepalived reads at once.
  return random.below(500) === 0 ? text.repeat(1 + random.below(60)) : text
}

function bytes(random: Random): string {
  let text = ''
  for (let left = random.below(40); left > 0; left -= 1) text += String.fromCharCode(random.below(128))
  return text
}

/** A part of a file that means something, with some characters or lines put in, taken away, repeated or exchanged. */
function mutated(random: Random, most: number): string {
  const whole = random.pick(FILES)
  const begin = random.below(Math.max(1, whole.length - most))
  let text = whole.slice(begin, begin + most)
  for (let left = random.below(5); left > 0; left -= 1) {
    const from = random.below(text.length + 1)
    const to = Math.min(text.length, from + random.below(30))
    const part = text.slice(from, to)
    const instead = random.pick([() => '', () => part + part, () => fragments(random), () => bytes(random)])()
    text = text.slice(0, from) + instead + text.slice(to)
  }
  return text
}

const FILES: readonly [string, string, string] = [
  `! Configuration File for keepalived
global_defs {
   notification_email {
     root@localhost
   }
   router_id LVS_DEVEL
   vrrp_skip_check_adv_addr
   vrrp_garp_interval 0
}
vrrp_script chk_haproxy {
    script "killall -0 haproxy"
    interval 2
    weight -20
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 101 # 100 on the other one
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        10.17.5.10/24 dev eth0 label eth0:1
    }
    track_script {
        chk_haproxy
    }
}
`,
  `$BASE=10.0.0
$VRID=61
include conf.d/*.conf
track_file gate {
  file "/run/lb/gate"
  weight 0 reverse
  init_file 0
}
vrrp_track_process lb {
  process haproxy
  terminate_delay 0.2
}
vrrp_sync_group G {
  group { A B
  }
  track_file {
    gate
  }
}
vrrp_instance A
{
  @lb1 priority 254
  @^lb1 priority 253
  version 3
  advert_int 0.1
  interface eth0
  virtual_router_id $VRID
  unicast_src_ip \${BASE}.9
  unicast_peer {
    \${BASE}.8 min_ttl 255 max_ttl 255
  }
  track_process { lb weight 5
  }
  virtual_ipaddress { \${BASE}.1/32 }
  virtual_ipaddress_excluded {
    fd00::1/64
  }
}
`,
  `virtual_server 10.0.0.1 443 {
    delay_loop 6
    lb_algo rr
    real_server 10.0.0.2 443 {
        weight 1
        SSL_GET { url { path /
            status_code 200 } }
    }
}
vrrp_instance B {
    interface eth1
    virtual_router_id 62
    native_ipv6
    nopreempt
    preempt_delay 5
    strict_mode off
    notify_master "/usr/local/bin/notify.sh master"
    track_interface {
        eth2 weight -10
    }
    virtual_ipaddress {
        fe80::62
        fd00::62/64 dev eth1
    }
    virtual_routes {
        default via fe80::1
    }
}
`,
]
