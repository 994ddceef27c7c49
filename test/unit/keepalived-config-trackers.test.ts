import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, BASE, DEFAULTS, good, instance, read, VIP } from '../support/read-keepalived.ts'

test('trackers are read with what is written where they are followed', () => {
  const text = `track_file gate {
  file "/run/lb/gate"
  weight 0 reverse
  init_file 1 overwrite
}
vrrp_track_file score {
  file /run/lb/score
}
vrrp_track_process haproxy {
  process haproxy
  quorum 2
  weight 5
  terminate_delay 0.2
}
vrrp_instance VI_1 {
  ${BASE}
  track_file {
    gate
    score weight 2
  }
  track_process {
    haproxy weight 7 noreverse
  }
  track_interface {
    eth1
    eth2 weight -20 reverse
  }
  track_bfd {
    passed over
  }
  ${VIP}
}
`
  const config = good(text)
  assert.deepEqual(config.trackFiles, [
    { name: 'gate', at: at(1, 1), file: '/run/lb/gate', weight: 0, reverse: true, initValue: 1 },
    { name: 'score', at: at(6, 1), file: '/run/lb/score', weight: 1, reverse: false, initValue: undefined },
  ])
  assert.deepEqual(config.trackProcesses, [
    {
      ...{ name: 'haproxy', at: at(9, 1), process: 'haproxy', weight: 5, reverse: false },
      ...{ quorum: 2, terminateDelayMs: 200 },
    },
  ])
  const [{ trackFiles, trackProcesses, trackInterfaces, trackScripts } = DEFAULTS] = config.instances
  assert.deepEqual(trackFiles, [
    { name: 'gate', weight: undefined, reverse: undefined, at: at(20, 5) },
    { name: 'score', weight: 2, reverse: undefined, at: at(21, 5) },
  ])
  assert.deepEqual(trackProcesses, [{ name: 'haproxy', weight: 7, reverse: false, at: at(24, 5) }])
  assert.deepEqual(trackInterfaces, [
    { name: 'eth1', weight: undefined, reverse: undefined, at: at(27, 5) },
    { name: 'eth2', weight: -20, reverse: true, at: at(28, 5) },
  ])
  assert.deepEqual(trackScripts, [])
})

test('a sync group is read with its members and trackers, wherever it stands', () => {
  const text = `track_file gate {
  file /run/gate
  weight 0
}
vrrp_sync_group G {
  group {
    VI_1 VI_2
  }
  track_file {
    gate
  }
  sync_group_tracking_weight
  notify_priority_changes on
}
${instance()}${instance('', 'VI_2').replace('virtual_router_id 9', 'virtual_router_id 8')}`
  assert.deepEqual(good(text).syncGroups, [
    {
      ...{ name: 'G', at: at(5, 1), trackingWeight: true },
      members: [
        { name: 'VI_1', at: at(7, 5) },
        { name: 'VI_2', at: at(7, 10) },
      ],
      trackFiles: [{ name: 'gate', weight: undefined, reverse: undefined, at: at(10, 5) }],
      ...{ trackScripts: [], trackProcesses: [], trackInterfaces: [] },
    },
  ])
})

const SECURE = 'global_defs {\nenable_script_security\n}\n'

const COMMANDS: readonly [written: string, command: string, unused: string | undefined][] = [
  ['"/usr/bin/pgrep haproxy"', '/usr/bin/pgrep haproxy', undefined],
  ["'/usr/bin/pgrep haproxy'", '/usr/bin/pgrep haproxy', undefined],
  ['/usr/bin/pgrep', '/usr/bin/pgrep', undefined],
  // keepalived runs pgrep without anything to look for.
  ['/usr/bin/pgrep -x haproxy', '/usr/bin/pgrep', '-x haproxy'],
  [`"/bin/sh -c 'exit 0'"`, "/bin/sh -c 'exit 0'", undefined],
  ['/bin/a\\ b', '/bin/a b', undefined],
]

for (const [written, command, unused] of COMMANDS)
  test(`script ${written} is the command ${command}`, () => {
    const [script] = good(`${SECURE}vrrp_script chk {\nscript ${written}\n}\n`).scripts
    assert.deepEqual({ command: script?.command, unused: script?.unused }, { command, unused })
  })

test('a member of a sync group and an owner keep the trackers that keepalived leaves them', () => {
  const text = `track_file score {
  file /run/score
}
track_file heavy {
  file /run/heavy
  weight 5
}
vrrp_sync_group G {
  group { VI_1 VI_2
  }
}
${instance('track_file {\nscore\nheavy\n}\ntrack_interface {\neth1 weight 5\n}')}
${instance('priority 255\ntrack_interface {\neth1 weight 5\neth2\n}', 'VI_2').replace('id 9', 'id 8')}`
  const kept = read(text).instances.map(({ trackFiles, trackInterfaces }) =>
    [...trackFiles, ...trackInterfaces].map(({ name, weight }) => `${name} ${weight}`),
  )
  assert.deepEqual(kept, [
    ['score 0', 'eth1 0'],
    ['eth1 0', 'eth2 undefined'],
  ])
})
