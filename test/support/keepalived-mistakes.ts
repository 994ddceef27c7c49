import type { Node } from './keepalived-file.ts'
import type { Random } from './random.ts'

/** Something that keepalived 2.2.7 refuses, put into a file that it accepts. */
export type Mistake = { what: string; plant(file: Node[], random: Random): void }

function instanceOf(file: readonly Node[], random: Random): { line: string; block: Node[] } {
  const instances = file.filter(({ line }) => line.startsWith('vrrp_instance'))
  const found = instances[random.below(instances.length)]
  if (found?.block === undefined) throw new Error('no instance')
  return { line: found.line, block: found.block }
}

/** Takes what the first word of a line says out of an instance, and writes `lines` instead. */
function written(...lines: readonly string[]): Mistake {
  return {
    what: lines.join('; '),
    plant: (file, random) => {
      const { block } = instanceOf(file, random)
      for (const line of lines) drop(block, line.split(' ')[0] ?? '')
      // The later word counts.
      if (lines.includes('nopreempt')) drop(block, 'preempt')
      block.unshift(...lines.map((line) => ({ line })))
    },
  }
}

function drop(block: Node[], keyword: string): void {
  const kept = block.filter(({ line }) => line.split(' ')[0] !== keyword)
  block.splice(0, block.length, ...kept)
}

/** A block in an instance instead of the one that is there. */
function withBlock(line: string, ...inside: readonly string[]): Mistake {
  return {
    what: `${line} { ${inside.join('; ')} }`,
    plant: (file, random) => {
      const { block } = instanceOf(file, random)
      drop(block, line)
      block.push({ line, block: inside.map((one) => ({ line: one })) })
    },
  }
}

/** A line more at the end of a block of the instance. */
function alsoIn(keyword: string, line: string): Mistake {
  return {
    what: `${line} in ${keyword}`,
    plant: (file, random) => {
      const { block } = instanceOf(file, random)
      block.find((node) => node.line === keyword)?.block?.push({ line })
    },
  }
}

/** A root statement before all others. */
function atRoot(line: string, ...inside: readonly string[]): Mistake {
  return {
    what: `${line} { ${inside.join('; ')} }`,
    plant: (file) => void file.unshift({ line, block: inside.map((one) => ({ line: one })) }),
  }
}

function inGlobals(line: string): Mistake {
  return { what: line, plant: (file) => void file.find((node) => node.line === 'global_defs')?.block?.push({ line }) }
}

function without(keyword: string): Mistake {
  return { what: `no ${keyword}`, plant: (file, random) => drop(instanceOf(file, random).block, keyword) }
}

function withoutSecurity(file: Node[]): void {
  const block = file.find(({ line }) => line === 'global_defs')?.block
  if (block !== undefined) drop(block, 'enable_script_security')
  file.unshift({ line: 'vrrp_script chk_open', block: [{ line: 'script "/bin/true"' }] })
}

function ownInterface(file: Node[], random: Random): void {
  const { block } = instanceOf(file, random)
  const [, device = ''] = block.find(({ line }) => line.startsWith('interface '))?.line.split(' ') ?? []
  drop(block, 'track_interface')
  block.push({ line: 'track_interface', block: [{ line: device }] })
}

function twice(file: Node[], random: Random): void {
  file.push(instanceOf(file, random))
}

function sameRouterId(file: Node[], random: Random): void {
  const { block } = instanceOf(file, random)
  const copy = block.filter(({ line }) => !/^(?:unicast|check_unicast|mcast|virtual_ip)/.test(line))
  block.splice(0, block.length, ...block.filter(({ line }) => !/^(?:unicast|check_unicast|mcast)/.test(line)))
  const addresses = block.filter(({ line }) => line === 'virtual_ipaddress')
  file.push({ line: 'vrrp_instance VI_copy', block: [...copy, ...addresses] })
}

/** After printing: a brace or a quote too much or too little. */
export const BROKEN_TEXTS: readonly { what: string; broken(text: string): string }[] = [
  { what: 'a } is missing', broken: (text) => text.replace(/\}(?=[^}]*$)/, '') },
  { what: 'a } too much', broken: (text) => `${text}\n}\n` },
  { what: 'a { too much', broken: (text) => text.replace('{', '{\n{') },
  { what: 'a { is missing', broken: (text) => text.replace(/(vrrp_instance \S+)\s*\{/, '$1') },
  { what: 'an open quote', broken: (text) => text.replace('script_user root', 'script_user "root') },
  { what: 'a byte order mark', broken: (text) => `\ufeff${text.trimStart()}` },
]

export const MISTAKES: readonly Mistake[] = [
  ...[
    written('priorty 100'),
    written('priority 0'),
    written('priority 256'),
    written('priority high'),
    written('priority'),
  ],
  ...[
    written('virtual_router_id 0'),
    written('virtual_router_id 256'),
    without('virtual_router_id'),
    without('interface'),
  ],
  ...[written('state ACTIVE'), written('state MASTER', 'nopreempt'), written('state MASTER', 'preempt_delay 5')],
  ...[
    written('preempt_delay 5', 'nopreempt', 'state BACKUP'),
    written('preempt_delay 1001'),
    written('preempt_delay soon'),
  ],
  ...[
    written('version 2', 'advert_int 0.1'),
    written('advert_int 0'),
    written('advert_int 0.001'),
    written('advert_int 300'),
  ],
  ...[written('version 3', 'advert_int 41'), written('version 3', 'advert_int 0.015'), written('version 4')],
  ...[
    written('down_timer_adverts 0'),
    written('garp_master_repeat 0'),
    written('garp_master_delay soon'),
    written('debug 9'),
  ],
  ...[
    written('smtp_alert maybe'),
    written('strict_mode maybe'),
    written('skip_check_adv_addr maybe'),
    written('native_ipv4'),
  ],
  ...[
    written('vmac_garp_intvl 5'),
    written('lvs_sync_daemon_interface eth0'),
    written('interface an-interface-with-a-long-name'),
  ],
  ...[
    written('notify_fault /bin/true', 'notify_fault /bin/false'),
    written('version 3', 'version 2'),
    written('track_file'),
    written('vmac_xmit_base'),
    written('use_vmac', 'promote_secondaries'),
    written('use_ipvlan'),
    written('strict_mode', 'preempt_delay 5', 'state BACKUP'),
  ],
  ...[
    withBlock('unicast_peer'),
    withBlock('unicast_peer', '10.0.0.300'),
    withBlock('unicast_peer', '10.0.0.2 min_ttl 300'),
  ],
  ...[withBlock('unicast_peer', '10.0.0.2 min_ttl 9 max_ttl 3'), withBlock('unicast_peer', '10.0.0.2', 'fe80::1')],
  ...[
    withBlock('authentication', 'auth_type PASS', 'auth_pass 123456789'),
    withBlock('authentication', 'auth_type NONE'),
  ],
  ...[
    withBlock('authentication', 'auth_type PASS'),
    withBlock('track_script', 'nobody'),
    withBlock('track_file', 'nobody'),
  ],
  ...[
    withBlock('track_process', 'nobody'),
    withBlock('track_interface', 'eth1', 'eth1'),
    withBlock('track_interface', 'eth1 5'),
  ],
  ...[withBlock('track_interface', 'eth1 weight 255'), withBlock('track_interface', 'eth1 weight 5 noreverse')],
  ...[
    withBlock('virtual_ipaddress_excluded', '10.0.0.300'),
    withBlock('virtual_ipaddress_excluded', 'dev eth0 10.0.0.1'),
  ],
  ...[
    alsoIn('virtual_ipaddress', '10.0.0'),
    alsoIn('virtual_ipaddress', '10.0.0.1/33'),
    alsoIn('virtual_ipaddress', '10.0.0.1 dev'),
  ],
  ...[alsoIn('virtual_ipaddress', '10.0.0.1 brd'), alsoIn('virtual_ipaddress', '10.0.0.1 scope none')],
  ...[
    alsoIn('virtual_ipaddress', 'fd00::77/64\n10.0.0.77'),
    alsoIn('virtual_ipaddress', '10.0.0.1 label a-very-long-label'),
  ],
  ...[alsoIn('virtual_ipaddress', '10.0.0.1 primary'), alsoIn('virtual_ipaddress', '10.0.0.1 dev eth0 dev eth1')],
  ...[atRoot('vrrp_script chk', 'interval 1'), atRoot('vrrp_script chk', 'script "/bin/true"', 'interval 0')],
  ...[
    atRoot('vrrp_script chk', 'script "/bin/true"', 'weight 254'),
    atRoot('vrrp_script chk', 'script "/bin/true"', 'fall 0'),
  ],
  ...[
    atRoot('vrrp_script chk', `script "/bin/sh -c 'true"`),
    atRoot('vrrp_script chk', 'script "/bin/true"', 'retries 3'),
  ],
  ...[
    atRoot('track_file f', 'weight 3'),
    atRoot('track_file f', 'file /f', 'weight 255'),
    atRoot('track_file f', 'file /f', 'file /g'),
  ],
  ...[atRoot('vrrp_track_process p', 'weight 3'), atRoot('vrrp_track_process p', 'process a', 'quorum 0')],
  ...[atRoot('vrrp_track_process p', 'process a', 'delay 4000'), atRoot('vrrp_instance'), atRoot('vrrp_instances A')],
  ...[
    atRoot('vrrp_sync_group S', 'smtp_alert'),
    atRoot('vrrp_sync_group S T'),
    atRoot('global_defs', 'vrrp_version 4'),
  ],
  ...[
    inGlobals('vrrp_mcast_group4 10.0.0.1'),
    inGlobals('router_id'),
    inGlobals('lvs_id x'),
    inGlobals('vrrp_down_timer_adverts 0'),
  ],
  ...[
    inGlobals('vrrp_priority 50'),
    inGlobals('vrrp_garp_master_repeat x'),
    inGlobals('vrrp_notify_priority_changes maybe'),
  ],
  { what: 'scripts without enable_script_security', plant: withoutSecurity },
  { what: 'its own interface followed', plant: ownInterface },
  { what: 'an instance twice', plant: twice },
  { what: 'a virtual router id twice', plant: sameRouterId },
]
