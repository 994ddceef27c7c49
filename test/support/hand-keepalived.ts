/** keepalived.conf of a pair as people write it by hand: VRRPv2, an advert each second, a script every two. */
export function keepalivedByHand(pair: {
  node: string
  first: boolean
  virtualRouterId: number
  vip: string
  script: string
  weight: number
}): string {
  return `global_defs {
    router_id ${pair.node}
    script_user root
    enable_script_security
}
vrrp_script chk_haproxy {
    script "${pair.script}"
    interval 2
    weight ${pair.weight}
}
vrrp_instance VI_1 {
    state ${pair.first ? 'MASTER' : 'BACKUP'}
    interface eth0
    virtual_router_id ${pair.virtualRouterId}
    priority ${pair.first ? 110 : 100}
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass k8slb
    }
    track_script {
        chk_haproxy
    }
    virtual_ipaddress {
        ${pair.vip}/32
    }
}
`
}
