import { readHaproxyConfig } from '../../src/haproxy-config/read-haproxy-config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import type { KeepalivedNode } from '../../src/proof/of-keepalived.ts'

/** A pair against which nothing stands. Line 14 is the priority, 6 the script. */
export function keepalivedOf(node: 'lb1' | 'lb2'): string {
  const [priority, own, other] = node === 'lb1' ? [110, 11, 12] : [100, 12, 11]
  return `global_defs {
  enable_script_security
  script_user root
}
vrrp_script serves {
  script "/usr/bin/curl -fsm1 http://127.0.0.1:6443/healthz"
  interval 1
}
vrrp_instance api {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 61
  priority ${priority}
  advert_int 0.1
  unicast_src_ip 10.0.0.${own}
  unicast_peer {
    10.0.0.${other}
  }
  virtual_ipaddress {
    10.0.0.10/32
  }
  track_script {
    serves
  }
}
`
}

/** The pair of `keepalivedOf` as an lb.yaml, with one service. */
export function lbYamlWith(service: string): string {
  return `version: 1
cluster: home
nodes:
  lb1: { address: 10.0.0.11, interface: eth0 }
  lb2: { address: 10.0.0.12, interface: eth0 }
vips:
  api: { address: 10.0.0.10, virtualRouterId: 61, prefer: [lb1, lb2] }
pools:
  masters: { m1: 10.0.0.21, m2: 10.0.0.22 }
services:
  ${service}
`
}

/** What one line is and what it becomes; a text of several lines makes it several. */
export type Edit = readonly [from: string, to: string]
export type Edits = { both?: readonly Edit[]; lb1?: readonly Edit[]; lb2?: readonly Edit[] }

/** The pair with edits. Something starts keepalived again when it is killed. */
export function pairOf(
  { both = [], lb1 = [], lb2 = [] }: Edits,
  scripts?: ReadonlyMap<string, string>,
): KeepalivedNode[] {
  return (['lb1', 'lb2'] as const).map((name) => {
    const text = edited(keepalivedOf(name), [...both, ...(name === 'lb1' ? lb1 : lb2)])
    const config = readKeepalivedConfig(`${name}.conf`, text, { configId: name, include: () => [] })
    return { name, config, isRestarted: true, ...(scripts === undefined ? {} : { scripts }) }
  })
}

export const HAPROXY = `global
  stats socket /run/haproxy/admin.sock mode 660 level admin
defaults
  mode tcp
  timeout connect 2s
  timeout client 4h
  timeout server 4h
frontend kube
  bind *:6443
  default_backend masters
backend masters
  option httpchk GET /readyz
  server m1 10.0.0.21:6443 check check-ssl verify none
  server m2 10.0.0.22:6443 check check-ssl verify none
`

export function haproxyOf(edits: readonly Edit[]) {
  return readHaproxyConfig('haproxy.cfg', edited(HAPROXY, edits))
}

export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`there is no ${JSON.stringify(from)}`)
    return before.replace(from, to)
  }, text)
}
