import { keepalivedByHand } from '../support/hand-keepalived.ts'
import { NODES, VIP } from './pair-spec.ts'

/** One way to write keepalived.conf by hand. Its check script goes beside it. */
export type HandStyle = {
  name: string
  keepalived(node: string, files: HandFiles): string
  check(files: HandFiles): string
}

export type HandFiles = { check: string; haproxyPid: string }

/**
 * The pair that this project set out to replace: VRRPv2, an advert each second, `killall -0 haproxy` every two seconds. Here
 * the check asks for the node's own HAProxy by its pid, because all nodes of a lab share one table of processes.
 */
export function handWritten(weight: -10 | -20): HandStyle {
  return {
    name: `by hand, weight ${weight}`,
    check: ({ haproxyPid }) => `#!/bin/sh\nkill -0 "$(cat ${haproxyPid})"\n`,
    keepalived: (node, { check: script }) =>
      keepalivedByHand({ node, first: node === NODES[0], virtualRouterId: 51, vip: VIP, script, weight }),
  }
}

/** What keepalived 2.2.7 can do without an agent: VRRPv3, short adverts, high priorities, and a script that asks HAProxy itself. */
export const keepalivedBest: HandStyle = {
  name: "keepalived's best",
  check: () => `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/8405 || exit 1
printf 'GET /alive HTTP/1.1\\r\\nHost: lb\\r\\nConnection: close\\r\\n\\r\\n' >&3
read -r -t 0.5 line <&3 && [[ $line == 'HTTP/1.1 200'* ]] || exit 1
`,
  keepalived: (node, files) => `global_defs {
    router_id ${node}
    vrrp_version 3
    script_user root
    enable_script_security
    vrrp_garp_master_delay 1
    max_auto_priority 50
    vrrp_no_swap
}
vrrp_script chk_haproxy {
    script "${files.check}"
    interval 1
    timeout 1
    fall 1
    rise 1
    weight 0
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority ${node === NODES[0] ? 254 : 253}
    advert_int 0.1
    track_script {
        chk_haproxy
    }
    virtual_ipaddress {
        ${VIP}/32
    }
}
`,
}

/** The same HAProxy for all of them. */
export function haproxyByHand(): string {
  return `global
    log stdout format raw local0 info
    user haproxy
    group haproxy
    maxconn 8000
defaults
    log global
    mode tcp
    option dontlog-normal
    option redispatch
    retries 2
    timeout connect 2s
    timeout client 60s
    timeout server 60s
frontend alive
    mode http
    no log
    bind 127.0.0.1:8405
    http-request return status 200 content-type text/plain string alive if { path /alive }
frontend web
    bind ${VIP}:80
    default_backend web
backend web
    balance roundrobin
    default-server check inter 1s rise 2 fall 2
    server one 10.77.2.21:80
    server two 10.77.2.22:80
`
}
