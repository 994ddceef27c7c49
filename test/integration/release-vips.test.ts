import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { missingForDaemons } from '../support/requirements.ts'

const LAUNCHER = join(import.meta.dirname, '../../src/launcher.sh')
const GOLDEN = join(import.meta.dirname, '../golden/cases/extra-addresses/lb1.keepalived.conf')

suite('lb-agent release-vips', { skip: missingForDaemons(), timeout: 30_000 }, () => {
  const base = mkdtempSync(join(tmpdir(), 'lb-agent-release-'))
  const namespace = `lb-release-${process.pid}`
  const file = join(base, 'keepalived.conf')
  before(async () => {
    await ip('netns', 'add', namespace)
    await ip('-n', namespace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1')
  })
  after(async () => {
    await ip('netns', 'del', namespace)
    rmSync(base, { recursive: true, force: true })
  })

  const ip = async (...args: readonly string[]): Promise<string> => {
    const result = await exec('ip', args, { timeoutMs: 5_000 })
    assert.ok(result.kind === 'exited' && result.code === 0, `${args.join(' ')}: ${JSON.stringify(result)}`)
    return result.stdout.toString('utf8')
  }
  const put = async (...addresses: readonly string[]): Promise<void> => {
    await ip('-n', namespace, 'address', 'flush', 'dev', 'eth0')
    for (const address of addresses) await ip('-n', namespace, 'address', 'add', address, 'dev', 'eth0')
  }
  const left = async (): Promise<string[]> =>
    [...(await ip('-n', namespace, '-o', 'address', 'show', 'dev', 'eth0')).matchAll(/inet6? (\S+)/g)].map(
      (found) => found[1] ?? '',
    )
  const release = async (path: string): Promise<[number, string]> => {
    const result = await exec('ip', ['netns', 'exec', namespace, 'sh', LAUNCHER, 'release-vips', path], {
      timeoutMs: 5_000,
    })
    assert.equal(result.kind, 'exited', JSON.stringify(result))
    return [result.kind === 'exited' ? result.code : -1, `${result.stdout.toString('utf8')}${result.stderr}`]
  }

  test('takes every address of a rendered file off the node, and no other', async () => {
    await put('10.9.0.1/24', '192.0.2.1/24', '192.0.2.10/24', '192.0.2.9/32', '2001:db8::10/128', '2001:db8:1::1/64')
    const [code, said] = await release(GOLDEN)
    assert.deepEqual(
      [code, said.split('\n').sort()],
      [
        0,
        [
          '',
          'lb-agent: took 192.0.2.10/24 off eth0: keepalived has left it behind',
          'lb-agent: took 192.0.2.9/32 off eth0: keepalived has left it behind',
          'lb-agent: took 2001:db8::10/128 off eth0: keepalived has left it behind',
        ],
      ],
    )
    assert.deepEqual(await left(), ['10.9.0.1/24', '192.0.2.1/24', '2001:db8:1::1/64'])
    assert.deepEqual(await release(GOLDEN), [0, ''])
  })

  test('reads hand-written files: one line, other prefixes, labels, comments', async () => {
    await put('10.9.0.1/24', '10.9.0.2/24', '10.9.0.3/32', '10.9.0.4/32', '10.9.0.5/32')
    writeFileSync(
      file,
      `vrrp_instance a {
  unicast_src_ip 10.9.0.1
  unicast_peer { 10.9.0.4 }
  virtual_ipaddress { 10.9.0.2/24 brd 10.9.0.255 dev eth0 label eth0:1 }
  # virtual_ipaddress { 10.9.0.5 }
  virtual_ipaddress_excluded
  {
    10.9.0.3 ! 10.9.0.5
  }
}
$(touch ${base}/trap) \`touch ${base}/trap\` *`,
    )
    assert.equal((await release(file))[0], 0)
    assert.deepEqual(await left(), ['10.9.0.1/24', '10.9.0.4/32', '10.9.0.5/32'])
  })

  test('a file that is missing, empty or rubbish names nothing', async () => {
    await put('10.9.0.2/32')
    for (const text of ['', '\0\xff', 'virtual_ipaddress {', 'virtual_ipaddress { -all ../x 10.9 : . }']) {
      writeFileSync(file, text)
      assert.deepEqual((await release(file))[0], 0, text)
    }
    assert.deepEqual(await release(join(base, 'missing')), [0, ''])
    assert.deepEqual(await left(), ['10.9.0.2/32'])
  })

  test('while keepalived runs here, wherever its pid file is, nothing is taken; once it is killed, everything', async () => {
    await put('10.9.0.1/24')
    await ip('-n', namespace, 'link', 'set', 'eth0', 'addrgenmode', 'none', 'up')
    await ip('-n', namespace, 'link', 'set', 'eth1', 'up')
    writeFileSync(
      file,
      `global_defs {
  vrrp_garp_master_repeat 1
}
vrrp_instance a {
  state MASTER
  interface eth0
  virtual_router_id 7
  priority 200
  advert_int 1
  virtual_ipaddress {
    10.9.0.2/32
  }
}
`,
    )
    const pids = ['main', 'vrrp', 'check'].map((name) => join(base, `${name}.pid`))
    const keepalived = spawn(
      'ip',
      [
        ...['netns', 'exec', namespace, 'keepalived', '--dont-fork', '--vrrp', '--use-file', file],
        ...['--pid', pids[0] ?? '', '--vrrp_pid', pids[1] ?? '', '--checkers_pid', pids[2] ?? ''],
      ],
      { stdio: 'ignore' },
    )
    const ended = once(keepalived, 'exit')
    try {
      await until('keepalived holds the VIP', 10_000, async () => (await left()).includes('10.9.0.2/32'))
      assert.deepEqual(await release(file), [0, ''])
      assert.deepEqual(await left(), ['10.9.0.1/24', '10.9.0.2/32'])
    } finally {
      const child = Number.parseInt(readFileSync(pids[1] ?? '', 'utf8'), 10)
      // Stopped first: the child of a killed one would take its address off.
      process.kill(child, 'SIGSTOP')
      keepalived.kill('SIGKILL')
      process.kill(child, 'SIGKILL')
      await ended
    }
    assert.deepEqual(await release(file), [0, 'lb-agent: took 10.9.0.2/32 off eth0: keepalived has left it behind\n'])
    assert.deepEqual(await left(), ['10.9.0.1/24'])
  })

  test('--help is no file, and neither is an option that does not exist', async () => {
    const [code, said] = await release('--help')
    assert.equal(code, 0)
    assert.match(said, /^lb-agent release-vips \[FILE\]: takes the addresses /)
    assert.deepEqual(await release('--force'), [2, 'lb-agent release-vips: unknown option --force\n'])
  })
})
