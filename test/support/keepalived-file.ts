import type { Random } from './random.ts'

/** A statement, with the statements of its block. */
export type Node = { line: string; block?: Node[] }

/** The keepalived.conf of a node that means something, and that keepalived 2.2.7 accepts where there are eth0 and eth1. */
export function meaningfulFile(random: Random): Node[] {
  const version = random.pick(['2', '3'])
  const scripts = names('chk', random.below(3)).map((name) => script(name, random))
  const files = names('gate', random.below(3)).map((name) => trackFile(name, random))
  const processes = names('lb', random.below(2)).map((name) => trackProcess(name, random))
  const count = 1 + random.below(4)
  const isGroup = count > 1 && random.below(3) === 0
  const trackers = [...scripts, ...files, ...processes]
  const instances = names('VI', count).map((name, index) =>
    instance({ name, index, version, isWeighted: !isGroup, trackers }, random),
  )
  const group = isGroup ? [syncGroup(names('VI', count), random)] : []
  return [
    globals(version, random),
    ...trackers,
    ...(random.below(2) === 0 ? group : []),
    ...instances,
    ...group,
  ].filter((node, index, all) => all.indexOf(node) === index)
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}_${index}`)
}

function some<T>(random: Random, ...nodes: readonly T[]): T[] {
  return nodes.filter(() => random.below(2) === 0)
}

function lines(...texts: readonly string[]): Node[] {
  return texts.map((line) => ({ line }))
}

function globals(version: string, random: Random): Node {
  return {
    line: 'global_defs',
    block: [
      ...lines('enable_script_security', 'script_user root'),
      ...(version === '3' ? lines('vrrp_version 3') : []),
      ...some(
        random,
        ...lines(
          `router_id ${random.pick(['LVS_DEVEL', '"lb 1"', 'lb1'])}`,
          'vrrp_skip_check_adv_addr',
          'vrrp_garp_interval 0.001',
        ),
        ...lines(
          'vrrp_garp_master_repeat 2',
          'vrrp_mcast_group4 224.0.0.20',
          `vrrp_down_timer_adverts ${2 + random.below(4)}`,
        ),
        { line: 'notification_email', block: lines('root@localhost', '"An admin <a@example.com>"') },
      ),
    ],
  }
}

function script(name: string, random: Random): Node {
  return {
    line: `vrrp_script ${name}`,
    block: [
      ...lines(
        random.pick(['script "/bin/true"', 'script /bin/true', `script "/bin/sh -c 'exit 0'"`, 'script "</etc/hosts"']),
      ),
      ...some(
        random,
        ...lines(`interval ${1 + random.below(5)}`, `timeout ${1 + random.below(5)}`, `rise ${1 + random.below(4)}`),
      ),
      ...some(random, ...lines(`fall ${1 + random.below(4)}`, 'user root', 'init_fail')),
    ],
  }
}

function trackFile(name: string, random: Random): Node {
  return {
    line: `${random.pick(['track_file', 'vrrp_track_file'])} ${name}`,
    block: [
      ...lines(
        `file ${random.pick(['"/run/none/gate"', '/run/none/score'])}`,
        random.pick(['weight 0', 'weight 0 reverse']),
      ),
      ...some(random, ...lines('init_file 1')),
    ],
  }
}

function trackProcess(name: string, random: Random): Node {
  return {
    line: `vrrp_track_process ${name}`,
    block: [
      ...lines('process haproxy'),
      ...some(random, ...lines(`quorum ${1 + random.below(3)}`, 'terminate_delay 0.2', 'full_command')),
    ],
  }
}

type Wanted = { name: string; index: number; version: string; isWeighted: boolean; trackers: readonly Node[] }

function instance({ name, index, version, isWeighted, trackers }: Wanted, random: Random): Node {
  const [device, other] = random.pick([
    ['eth0', 'eth1'],
    ['eth1', 'eth0'],
  ])
  const isUnicast = random.below(2) === 0
  const isIpv6 = version === '3' && random.below(4) === 0
  const state = random.pick(['MASTER', 'BACKUP', undefined])
  const address = (host: number): string => (isIpv6 ? `fd00::${host}` : `10.0.${index}.${host}`)
  const preemption =
    state === 'MASTER' ? [] : [random.pick(['nopreempt', 'preempt_delay 5', 'preempt_delay 0.5', 'preempt'])]
  const advert = version === '3' ? random.pick(['0.1', '0.25', '1', '2.5']) : random.pick(['1', '2', '10'])
  const unicast = [
    ...some(random, ...lines(`unicast_src_ip ${address(200)}`, 'check_unicast_src')),
    {
      line: 'unicast_peer',
      block: lines(address(201), `${address(202)}${random.pick(['', ' min_ttl 64', ' min_ttl 1 max_ttl 255'])}`),
    },
  ]
  const authentication = { line: 'authentication', block: lines('auth_type PASS', 'auth_pass k8s-vip') }
  return {
    line: `vrrp_instance ${name}`,
    block: [
      ...(state === undefined ? [] : lines(`state ${state}`)),
      ...lines(`interface ${device}`, `virtual_router_id ${1 + index * 50 + random.below(50)}`),
      ...lines(`priority ${1 + random.below(254)}`, `advert_int ${advert}`),
      ...some(
        random,
        ...lines(...preemption, 'dont_track_primary', 'promote_secondaries', 'garp_master_delay 5', 'smtp_alert off'),
      ),
      ...(isUnicast ? unicast : some(random, { line: `mcast_src_ip ${address(200)}` })),
      ...(version === '2' ? some(random, authentication) : []),
      ...followed(trackers, isWeighted, random),
      ...some(random, {
        line: 'track_interface',
        block: lines(other + (isWeighted ? random.pick(['', ' weight -5']) : '')),
      }),
      {
        line: 'virtual_ipaddress',
        block: lines(
          ...(isIpv6 && !isUnicast ? ['fe80::1'] : []),
          ...Array.from({ length: 1 + random.below(3) }, (_, host) => address(host + 1) + options(isIpv6, random)),
        ),
      },
      ...some(random, { line: 'virtual_ipaddress_excluded', block: lines('10.9.9.9/24 dev eth1', 'fd00:9::9') }),
      ...some(random, { line: 'notify_master "/bin/true master"' }, { line: 'lower_prio_no_advert' }),
    ],
  }
}

function options(isIpv6: boolean, random: Random): string {
  if (isIpv6) return random.pick(['', '/64', '/128 dev eth1'])
  return random.pick([
    '',
    '/24',
    '/32 dev eth0',
    '/24 brd +',
    '/24 brd 10.0.0.255 dev eth1',
    ' label eth0:1',
    ' scope link',
    ' no_track',
  ])
}

/** One block for each kind of tracker. */
function followed(trackers: readonly Node[], isWeighted: boolean, random: Random): Node[] {
  const kinds = {
    vrrp_script: 'track_script',
    track_file: 'track_file',
    vrrp_track_file: 'track_file',
    vrrp_track_process: 'track_process',
  }
  const blocks = new Map<string, Node[]>()
  for (const { line } of trackers) {
    const [kind = '', name = ''] = line.split(' ')
    const keyword = Object.entries(kinds).find(([root]) => root === kind)?.[1]
    if (keyword === undefined || random.below(3) === 0) continue
    const weight = isWeighted
      ? random.pick(['', ' weight 5', ' weight -20', ' weight 3 reverse', ' weight 3 noreverse'])
      : ''
    blocks.set(keyword, [...(blocks.get(keyword) ?? []), { line: name + weight }])
  }
  return [...blocks].map(([line, block]) => ({ line, block }))
}

function syncGroup(members: readonly string[], random: Random): Node {
  return {
    line: 'vrrp_sync_group G',
    block: [
      { line: 'group', block: random.below(2) === 0 ? lines(...members) : lines(members.join(' ')) },
      ...some(random, ...lines('sync_group_tracking_weight', 'smtp_alert')),
    ],
  }
}
