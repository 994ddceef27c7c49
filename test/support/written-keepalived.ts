/** What can be said of one instance; anything unsaid is a VRRPv3 instance by unicast from 10.9.0.1 with 10.9.0.100/32 on eth0. */
export type Written = {
  name?: string
  interface?: string
  id?: number
  priority?: number
  version?: 2 | 3
  advert?: string
  /** null: multicast. */
  peers?: readonly string[] | null
  /** null: not written. */
  source?: string | null
  addresses?: readonly string[]
  excluded?: readonly string[]
  /** Lines of the instance, of global_defs, and of the file. */
  more?: string
  globals?: string
  root?: string
}

/** A keepalived.conf with one instance. */
export function writtenKeepalived(written: Written = {}): string {
  const { version = 3, globals = '', root = '' } = written
  return `${root}
global_defs {
    router_id test
    vrrp_version ${version}
    enable_script_security
    script_user root
    ${globals}
}
${writtenInstance(written)}`
}

export function writtenInstance(written: Written): string {
  const { name = 'v', interface: device = 'eth0', id = 7, priority = 150, advert = '0.1', more = '' } = written
  const { peers = ['10.9.0.2'], source = '10.9.0.1', addresses = ['10.9.0.100/32'], excluded = [] } = written
  return `vrrp_instance ${name} {
    state BACKUP
    interface ${device}
    virtual_router_id ${id}
    priority ${priority}
    advert_int ${advert}
    ${source === null || peers === null ? '' : `unicast_src_ip ${source}`}
    ${peers === null ? '' : block('unicast_peer', peers)}
    ${more}
    ${block('virtual_ipaddress', addresses)}
    ${excluded.length === 0 ? '' : block('virtual_ipaddress_excluded', excluded)}
}
`
}

function block(name: string, lines: readonly string[]): string {
  return `${name} {\n${lines.join('\n')}\n}`
}
