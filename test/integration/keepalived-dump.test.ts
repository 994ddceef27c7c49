import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { expectDump } from '../../src/daemons/dump-file.ts'
import { parseData, parseScripts, parseStats } from '../../src/daemons/dump-text.ts'
import { createDumper, type Dump, type Dumper } from '../../src/daemons/keepalived-dump.ts'
import type { KeepalivedState } from '../../src/daemons/watch-keepalived.ts'
import { deleteNamespaces, ipBatch } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { createKeepalivedSamples } from '../../src/metrics/keepalived-samples.ts'
import { processOf } from '../../src/proc.ts'
import { signalAll, withChildren } from '../../src/processes.ts'
import { exporterSeries, exporterType } from '../support/keepalived-exporter.ts'
import { missingForDaemons } from '../support/requirements.ts'

const PASSWORD = 's3cr3t'
const NOBODY = 65_534

/** Every kind of thing that a dump tells: MASTER and FAULT, both versions of IP, extra addresses, scripts, a password. */
const CONFIG = (directory: string): string => `global_defs {
    enable_script_security
    script_user root
}
vrrp_script good {
    script "/bin/true"
    interval 1
    weight 0
}
vrrp_script bad {
    script "/bin/false"
    interval 1
    weight -5
}
track_file closed {
    file "${directory}/closed"
    weight 0
}
vrrp_instance four {
    interface e0
    virtual_router_id 7
    priority 100
    advert_int 1
    garp_master_delay 2
    authentication {
        auth_type PASS
        auth_pass ${PASSWORD}
    }
    track_script {
        good
        bad
    }
    virtual_ipaddress {
        10.77.0.101/24 dev e0
    }
    virtual_ipaddress_excluded {
        10.77.1.1/32 dev e0
        10.77.1.2/24 dev e0
    }
}
vrrp_instance six {
    version 3
    interface e0
    virtual_router_id 8
    priority 90
    advert_int 0.1
    virtual_ipaddress {
        fd00::1/128 dev e0
    }
}
vrrp_instance fault {
    version 3
    interface e0
    virtual_router_id 9
    priority 90
    advert_int 0.1
    track_file {
        closed
    }
    virtual_ipaddress {
        10.77.0.110/32 dev e0
    }
}
`

const address = (text: string, prefixLength: number) => ({ address: text, prefixLength })
const vip = (name: string, virtualRouterId: number, text: string, prefixLength: number) => ({
  ...{ name, virtualRouterId, interface: 'e0', extraAddresses: [] },
  ...address(text, prefixLength),
})

type Instances = Extract<Dump, { kind: 'instances' }>

suite('dumps of a real keepalived', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  const namespace = `lb-test-dump-${process.pid}`
  let directory: string
  let config: string
  let withoutJson: string
  before(async () => {
    // Not below /tmp: one keepalived gets another /tmp.
    directory = mkdtempSync('/var/tmp/lb-agent-dump-')
    config = join(directory, 'keepalived.conf')
    writeFileSync(join(directory, 'closed'), '1\n')
    writeFileSync(config, CONFIG(directory))
    withoutJson = join(directory, 'without-json')
    writeFileSync(withoutJson, '#!/bin/sh\n[ "$1" != --signum=JSON ] && exec keepalived "$@"\nexit 1\n', {
      mode: 0o755,
    })
    await ipBatch(undefined, [`netns add ${namespace}`])
    await ipBatch(namespace, [
      'link add e0 type veth peer name e1',
      'address add 10.77.0.1/24 dev e0',
      'link set lo up',
      'link set e0 up',
      'link set e1 up',
    ])
  })
  after(async () => {
    await deleteNamespaces([namespace])
    rmSync(directory, { recursive: true })
  })

  /** Started so that its pid is the child's; `tmp` is a directory of its own, or nobody's but its own /tmp. */
  const startKeepalived = async (
    t: TestContext,
    name: string,
    tmp: 'TMPDIR' | 'PrivateTmp' = 'TMPDIR',
  ): Promise<{ pid: number; tmp: string }> => {
    const own = join(directory, name)
    mkdirSync(own)
    const files = ['pid', 'vrrp_pid', 'checkers_pid'].flatMap((file) => [`--${file}`, join(own, file)])
    const keepalived = ['keepalived', '--dont-fork', '--log-console', '--no-syslog', '--vrrp', '-f', config, ...files]
    const argv =
      tmp === 'TMPDIR'
        ? keepalived
        : ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /tmp && exec "$@"', 'sh', ...keepalived]
    const child = spawn('ip', ['netns', 'exec', namespace, ...argv], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], ...(tmp === 'TMPDIR' ? { TMPDIR: own } : {}) },
    })
    t.after(async () => {
      child.kill('SIGTERM')
      await until('keepalived ends', 10_000, async () => child.exitCode !== null || child.signalCode !== null)
    })
    const pid = child.pid
    assert.ok(pid !== undefined)
    const dump = dumper('keepalived', pid)
    await until('it is MASTER, and its scripts have run', 20_000, async () => {
      if (!existsSync(join(own, 'vrrp_pid'))) return false
      const answer = await dump({ scripts: true })
      const found = answer.kind === 'instances' ? answer : undefined
      const masters = found?.instances.filter(({ state }) => state === 'MASTER') ?? []
      return masters.length === 2 && found?.scripts.every(({ status }) => status !== 'INIT') === true
    })
    return { pid, tmp: tmp === 'TMPDIR' ? own : `/proc/${pid}/root/tmp` }
  }
  const dumper = (binary: string, pid: number, state: Partial<KeepalivedState> = {}): Dumper =>
    createDumper({
      binary,
      configFile: config,
      keepalived: () => ({ kind: 'running', pid, ageMs: 10_000, ...state }) as KeepalivedState,
    })
  const known = (answer: Dump): Instances => {
    assert.ok(answer.kind === 'instances', JSON.stringify(answer))
    return answer
  }
  /** What goes on counting while two dumps are asked for. */
  const still = ({ instances }: Instances): object[] =>
    instances.map((instance) => ({ ...instance, counts: { ...instance.counts, advertisementsSent: undefined } }))

  test('its JSON and its text say the same, and keep no password', async (t) => {
    const { pid, tmp } = await startKeepalived(t, 'both')
    const [json, text] = [dumper('keepalived', pid), dumper(withoutJson, pid)]
    for (let round = 0; round < 5; round += 1) {
      const [first, second] = [known(await json({ scripts: true })), known(await text({ scripts: true }))]
      assert.deepEqual(still(first), still(second))
      assert.deepEqual(
        second.instances.map(({ name, state, basePriority, effectivePriority }) =>
          [name, state, basePriority, effectivePriority].join(' '),
        ),
        ['four MASTER 100 95', 'six MASTER 90 90', 'fault FAULT 90 90'],
      )
      for (const [index, { counts }] of second.instances.entries()) {
        const before = first.instances[index]?.counts.advertisementsSent ?? Number.NaN
        assert.ok((counts.advertisementsSent ?? Number.NaN) >= before, JSON.stringify(counts))
      }
      const four = second.instances[0]
      assert.deepEqual(four?.addresses, ['10.77.0.101/24 dev e0 scope global set'])
      assert.deepEqual(four?.excludedAddresses, [
        '10.77.1.1 dev e0 scope global set',
        '10.77.1.2/24 dev e0 scope global set',
      ])
      assert.equal(four?.gratuitousArpDelaySec, 2)
      for (const { scripts } of [first, second])
        assert.deepEqual(
          scripts.map(({ name, status }) => [name, status]),
          [
            ['good', 'GOOD'],
            ['bad', 'BAD'],
          ],
        )
      assert.ok(!JSON.stringify([first, second]).includes(PASSWORD))
    }
    assert.deepEqual(known(await text()).scripts, [])
    for (const kind of ['json', 'data', 'stats']) assert.ok(!existsSync(join(tmp, `keepalived.${kind}`)), kind)
  })

  test('the metrics are those that keepalived-exporter makes of the same dump', async (t) => {
    const { pid, tmp } = await startKeepalived(t, 'exporter')
    const raw = async (kind: 'DATA' | 'STATS'): Promise<string> => {
      process.kill(pid, Number(execFileSync('keepalived', [`--signum=${kind}`], { encoding: 'utf8' })))
      await sleep(500)
      return readFileSync(join(tmp, `keepalived.${kind.toLowerCase()}`), 'utf8')
    }
    const [data, stats] = [await raw('DATA'), await raw('STATS')]
    const instances = parseData(data, parseStats(stats) ?? new Map()) ?? []
    const registry = new Registry()
    createKeepalivedSamples(registry).fill({
      status: {
        version: '1.2.3',
        keepalived: { state: 'running', pid },
        vips: instances.map(({ name, state }) => ({ name, state: state === 'INIT' ? 'UNKNOWN' : state })),
      },
      vips: [
        { ...vip('four', 7, '10.77.0.101', 24), extraAddresses: [address('10.77.1.1', 32), address('10.77.1.2', 24)] },
        vip('six', 8, 'fd00::1', 128),
        vip('fault', 9, '10.77.0.110', 32),
      ],
      dump: { kind: 'known', value: { kind: 'instances', pid, instances, scripts: parseScripts(data) }, steadyMs: 0 },
    })
    const text = await registry.metrics()
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const expected = exporterSeries(data, stats)
    assert.equal(expected.length, 1 + 3 * 15 + 3 + 2 + 2 * 2)
    const build = samples.filter((line) => line.startsWith('keepalived_exporter_build_info{'))
    assert.deepEqual(samples.filter((line) => !build.includes(line)).sort(), expected.sort())
    // Its labels are those of prometheus/common's version.NewCollector.
    assert.deepEqual([...build.join().matchAll(/(\w+)="/g)].map(([, label]) => label).sort(), [
      'branch',
      'goarch',
      'goos',
      'goversion',
      'revision',
      'tags',
      'version',
    ])
    assert.match(build.join(), /version="1\.2\.3"\} 1$/)
    for (const [, metric = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
      assert.equal(type, exporterType(metric), metric)
  })

  test('a keepalived with a /tmp of its own is found there', async (t) => {
    const { pid } = await startKeepalived(t, 'private', 'PrivateTmp')
    assert.deepEqual(still(known(await dumper(withoutJson, pid)())), still(known(await dumper('keepalived', pid)())))
  })

  test('where its file sends the dumps elsewhere, they are looked for there', async (t) => {
    const { pid } = await startKeepalived(t, 'elsewhere')
    const moved = join(directory, 'moved.conf')
    writeFileSync(moved, `global_defs {\n    json_dump_file "${join(directory, 'elsewhere', 'other.json')}"\n}\n`)
    // This keepalived (2.2.7) does not know the word and writes to its usual place.
    const dump = createDumper({
      binary: 'keepalived',
      configFile: moved,
      keepalived: () => ({ kind: 'running', pid, ageMs: 10_000 }),
    })
    assert.deepEqual(await dump(), {
      kind: 'unavailable',
      reason: 'keepalived cannot be asked: it wrote no whole dump within 1000 ms',
    })
  })

  test('many askers at once each get a whole dump', async (t) => {
    const { pid } = await startKeepalived(t, 'busy')
    const [json, text] = [dumper('keepalived', pid), dumper(withoutJson, pid)]
    for (const dump of [json, text]) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => dump({ scripts: index % 2 === 0 })))
      for (const answer of answers) assert.equal(known(answer).instances.length, 3)
    }
  })

  test('one that hangs or has ended is not asked', async (t) => {
    const { pid } = await startKeepalived(t, 'hangs')
    process.kill(pid, 'SIGSTOP')
    try {
      await until('it is stopped', 5_000, async () => processOf(pid)?.state === 'T')
      const dump = dumper('keepalived', pid, { kind: 'hanging', reason: 'its process 1 is stopped' })
      assert.deepEqual(await dump(), { kind: 'unavailable', reason: 'its process 1 is stopped' })
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^ShdPnd:\t0+$/m)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })

  test('a process that would end at the signal is not sent it', async (t) => {
    // As keepalived is before it has come to its signals, whoever is slow at starting it.
    const child = spawn('sleep', ['60'], { stdio: 'ignore' })
    t.after(() => child.kill('SIGKILL'))
    for (const binary of ['keepalived', withoutJson])
      assert.deepEqual(await dumper(binary, child.pid ?? 0)(), {
        kind: 'unavailable',
        reason: 'keepalived cannot be asked: it does not take the signal yet',
      })
    await sleep(50)
    assert.deepEqual([child.exitCode, child.signalCode], [null, null])
  })

  test('a dump that comes too late does not stay on the disk', async (t) => {
    const { pid, tmp } = await startKeepalived(t, 'late')
    for (const [binary, file] of [
      ['keepalived', 'keepalived.json'],
      [withoutJson, 'keepalived.data'],
    ] as const) {
      const stopped = withChildren(pid)
      signalAll(stopped, 'SIGSTOP')
      try {
        assert.deepEqual(await dumper(binary, pid)(), {
          kind: 'unavailable',
          reason: 'keepalived cannot be asked: it wrote no whole dump within 1000 ms',
        })
      } finally {
        signalAll(stopped, 'SIGCONT')
      }
      await until('it is written', 5_000, async () => existsSync(join(tmp, file)))
      await until('it is removed', 10_000, async () => !existsSync(join(tmp, file)))
    }
  })

  test('a keepalived that was too busy to name its signals is asked again', async (t) => {
    const { pid } = await startKeepalived(t, 'asked-again')
    const [calls, busyOnce] = [join(directory, 'calls'), join(directory, 'busy-once')]
    const first = `[ -e ${calls} ] || busy=1; echo "$*" >> ${calls}; [ -z "$busy" ] || exec sleep 10`
    writeFileSync(busyOnce, `#!/bin/sh\n${first}\nexec keepalived "$@"\n`, { mode: 0o755 })
    const dump = dumper(busyOnce, pid)
    assert.deepEqual(await dump(), {
      kind: 'unavailable',
      reason: 'keepalived cannot be asked: keepalived --signum=JSON: no end within 2000 ms',
    })
    for (let round = 0; round < 2; round += 1) assert.equal(known(await dump()).instances.length, 3)
    assert.deepEqual(readFileSync(calls, 'utf8').trim().split('\n'), ['--signum=JSON', '--signum=JSON'])
  })

  test('what others put in the place of a dump is neither read nor removed', async () => {
    const tmp = join(directory, 'tmp')
    mkdirSync(tmp)
    chmodSync(tmp, 0o1777)
    const path = join(tmp, 'keepalived.data')
    const other = join(directory, 'other')
    writeFileSync(other, 'of root, but no dump')
    const planted: Readonly<Record<string, () => void>> = {
      'a link to a file of root': () => symlinkSync(other, path),
      'a second name of a file of root': () => linkSync(other, path),
      'a file of another user': () => {
        writeFileSync(path, 'planted')
        chownSync(path, NOBODY, NOBODY)
      },
      // Without O_NONBLOCK the open would wait for a writer.
      'a FIFO': () => execFileSync('mkfifo', [path]),
      'a directory': () => mkdirSync(path),
    }
    for (const [what, plant] of Object.entries(planted)) {
      const dump = await expectDump([path])
      plant()
      assert.equal(await dump.read(), undefined, what)
      assert.equal(await dump.remove(), false, what)
      assert.ok(existsSync(path), what)
      rmSync(path, { recursive: true })
    }

    writeFileSync(path, 'a dump that somebody else has asked for')
    const [first, second] = [join(tmp, 'first'), join(tmp, 'second')]
    const dump = await expectDump([path, first, second])
    assert.equal(await dump.read(), undefined)
    assert.equal(await dump.remove(), false)
    writeFileSync(first, 'this one')
    writeFileSync(second, 'of another keepalived')
    assert.equal(await dump.read(), 'this one')
    assert.equal(await dump.remove(), true)
    assert.deepEqual([path, first, second].map(existsSync), [true, false, true])
  })

  test('a dump that is written over the one before it is read', async () => {
    const path = join(directory, 'written-over')
    writeFileSync(path, 'before')
    const dump = await expectDump([path])
    // The kernel's clock for files ticks every 4 ms.
    await sleep(20)
    writeFileSync(path, 'after')
    assert.equal(await dump.read(), 'after')
    assert.equal(await dump.remove(), true)
    assert.ok(!existsSync(path))
  })
})
