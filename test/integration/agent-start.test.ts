import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { LABS } from '../../src/drill/lab.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { howToInstall } from '../../src/how-to-install.ts'
import { findPackageManager } from '../../src/package-manager.ts'
import { builtProgram } from '../../src/program.ts'
import {
  agentPid,
  type Cluster,
  killAgent,
  liveFile,
  livePair,
  loadedRelease,
  mainProcesses,
  nothingLost,
  releaseOf,
  settled,
  startCluster,
  statusOf,
  storedPair,
  sync,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('one node', { skip: missingForDaemons(), timeout: 180_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
  })
  after(() => cluster.close())

  test('an edited live file shows as drift within two seconds, and sync --restore puts it back', async () => {
    await cluster.client.mark()
    const release = releaseOf(await statusOf(one))
    const file = liveFile(one, 'haproxy')
    appendFileSync(file, '# edited by hand\n')
    await until('the drift shows', 2_000, async () => ((await one.status())?.drift.files.length ?? 0) > 0)
    const status = await statusOf(one)
    assert.deepEqual(status.drift.files, [{ file, what: 'changed' }])
    assert.equal(
      status.headline.text,
      `not what release ${release} wrote: ${file} (changed). To put it back: lb-agent sync --restore`,
    )
    const plain = await sync(one)
    assert.equal(
      plain.said.split('\n').at(-1),
      `nothing to do: this node runs ${status.applied?.revision.slice(0, 12)}`,
    )
    assert.notDeepEqual(livePair(one), storedPair(one, release))

    const restored = await sync(one, '--restore')
    assert.equal(restored.said.split('\n').at(-1), `applied: release ${release}`)
    assert.deepEqual(livePair(one), storedPair(one, release))
    await until('no drift is left', 2_000, async () => (await one.status())?.drift.files.length === 0)
    await nothingLost(cluster)
    await settled(cluster)
  })

  test('a second agent on the same state directory says who holds it and changes nothing', async () => {
    const second = await verb(one, 'run')
    assert.deepEqual(second, {
      code: 75,
      said: `lb-agent: another agent (pid ${agentPid(one)}) works on ${join(one.directory, 'state')}; nothing was started`,
    })
    await settled(cluster)
  })

  test('status, its JSON and its exit code say that all is well, and 1 when it is not', async () => {
    const well = await verb(one, 'status')
    assert.equal(well.code, 0)
    assert.equal(well.said.split('\n')[0], '● one: all is well')
    const json = await verb(one, 'status', '--json')
    assert.equal(json.code, 0)
    assert.deepEqual(JSON.parse(json.said).headline, { well: true, text: 'all is well', advice: null })
    const show = cluster.repository.hide()
    await sync(one)
    const bad = await verb(one, 'status')
    assert.equal(bad.code, 1)
    assert.match(bad.said.split('\n')[0] ?? '', /^▲ one: the repository cannot be read: git fetch from file:\/\//)
    show()
    assert.equal((await sync(one)).code, 0)
    await settled(cluster)
  })

  test('a live path that is a link is refused with a sentence, and nothing changes', async () => {
    const { repository } = cluster
    const release = releaseOf(await statusOf(one))
    const file = liveFile(one, 'keepalived')
    const elsewhere = join(one.directory, 'elsewhere.conf')
    copyFileSync(file, elsewhere)
    rmSync(file)
    symlinkSync(elsewhere, file)
    await cluster.client.mark()
    const pair = livePair(one)
    const text = String(readFileSync(join(import.meta.dirname, '../../templates/keepalived.conf.j2')))
    repository.commit(
      { 'templates/keepalived.conf.j2': text.replace('interval 1\n', 'interval 2\n') },
      'Check less often',
    )
    const refused = await sync(one)
    assert.equal(refused.code, 1)
    assert.match(
      refused.said.split('\n').at(-1) ?? '',
      new RegExp(
        `: ${file} is not a regular file \\(a link\\?\\); lb-agent replaces only regular files, nothing was changed`,
      ),
    )
    assert.deepEqual(livePair(one), pair)
    assert.equal(await loadedRelease(one), release)
    rmSync(file)
    copyFileSync(elsewhere, file)
    const retried = await sync(one, '--retry')
    assert.equal(retried.code, 0, retried.said)
    await nothingLost(cluster)
    assert.equal((await sync(cluster.two)).code, 0)
    await settled(cluster)
  })

  test('hand-written files found at a first apply are kept, and a rollback brings them back', async () => {
    await killAgent(one)
    const mains = await mainProcesses(cluster, 'one')
    for (const pid of [...mains.haproxy, ...mains.keepalived]) process.kill(pid, 'SIGTERM')
    await until('its daemons are gone', 10_000, async () => {
      const { haproxy, keepalived } = await mainProcesses(cluster, 'one')
      return haproxy.length + keepalived.length === 0
    })
    for (const name of ['state', 'run']) rmSync(join(one.directory, name), { recursive: true })
    const written = {
      haproxy: `# by hand\n${livePair(one).haproxy.replace(/^ {4}description .*$/m, '    description by hand')}`,
      keepalived: `# by hand\n${livePair(one).keepalived}`,
    }
    for (const daemon of ['haproxy', 'keepalived'] as const) writeFileSync(liveFile(one, daemon), written[daemon])
    one.start()
    await settled(cluster)
    const { applied, previous } = await statusOf(one)
    assert.match(previous ?? '', /^foreign-[0-9a-f]{8}$/)
    assert.notDeepEqual(livePair(one), written)
    assert.equal(await loadedRelease(one), applied?.release)

    const back = await verb(one, 'rollback')
    assert.equal(back.code, 0, back.said)
    assert.deepEqual(livePair(one), written)
    const retried = await sync(one, '--retry')
    assert.equal(retried.code, 0, retried.said)
    assert.equal((await statusOf(one)).applied?.release, applied?.release)
    await settled(cluster)
  })
})

suite('an agent that cannot start', { skip: missingForDaemons(), timeout: 60_000 }, () => {
  let base = ''
  before(() => {
    mkdirSync(LABS, { recursive: true })
    base = mkdtempSync(join(LABS, 'start-'))
    writeFileSync(join(base, 'owner'), `${process.pid}\n`)
    chmodSync(base, 0o755)
  })
  after(() => {
    rmSync(base, { recursive: true })
    assert.equal(existsSync(base), false)
  })

  const config = (more: string): string => {
    const file = join(base, 'agent.yaml')
    const paths = `{ state: ${base}/state, runtime: ${base}/run, haproxyConfig: ${base}/h.cfg, keepalivedConfig: ${base}/k.conf }`
    writeFileSync(file, `node: one\nrepository: { url: ${base}/none.git }\npaths: ${paths}\n${more}`)
    return file
  }
  const launch = async (argv: readonly string[], env: Record<string, string> = {}): Promise<Said> => {
    const [file = '', ...args] = argv
    const result = await exec(file, args, { timeoutMs: 20_000, env: { PATH: process.env['PATH'] ?? '', ...env } })
    assert.equal(result.kind, 'exited', JSON.stringify(result))
    return { code: result.kind === 'exited' ? result.code : -1, said: `${result.stdout}${result.stderr}`.trim() }
  }
  const { directory, node } = builtProgram()
  const launcher = join(directory, 'lb-agent')

  test('names the program that is missing and how to install it', async () => {
    for (const daemon of ['haproxy', 'keepalived']) {
      const file = config(`supervisor: embedded\n${daemon}: { binary: /nowhere/${daemon} }\n`)
      assert.deepEqual(await launch([launcher, 'run', '--config', file]), {
        code: 1,
        said: `lb-agent: /nowhere/${daemon} is not installed: ${howToInstall(daemon, findPackageManager())}`,
      })
    }
    const file = config('supervisor: embedded\n')
    const bin = join(base, 'bin')
    mkdirSync(bin)
    for (const tool of ['bash', 'readlink', 'git', 'haproxy']) {
      const found = await launch(['which', tool])
      symlinkSync(found.said, join(bin, tool))
    }
    assert.deepEqual(await launch([launcher, 'run', '--config', file], { PATH: bin }), {
      code: 1,
      said: 'lb-agent: flock is not installed: install flock as this distribution does it',
    })
    assert.equal(existsSync(join(base, 'state')), false)
  })

  test('says that supervising daemons needs root', async () => {
    const file = config('supervisor: embedded\n')
    // The checkout may lie where only root may read.
    for (const name of ['lb-agent', 'lb-agent.mjs']) copyFileSync(join(directory, name), join(base, name))
    copyFileSync(node, join(base, 'node'))
    for (const name of ['lb-agent', 'node']) chmodSync(join(base, name), 0o755)
    const run = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', join(base, 'lb-agent'), 'run']
    assert.deepEqual(await launch([...run, '--config', file]), {
      code: 1,
      said: 'lb-agent: supervisor: embedded starts keepalived, which needs root; run as root, or set supervisor: systemd',
    })
    rmSync(join(base, 'node'))
  })

  test('says that Node is too old or missing', async () => {
    const alone = join(base, 'alone')
    mkdirSync(join(alone, 'old'), { recursive: true })
    copyFileSync(launcher, join(alone, 'lb-agent'))
    const old = join(alone, 'old', 'node')
    writeFileSync(old, '#!/bin/sh\necho v20.20.2\n')
    chmodSync(old, 0o755)
    assert.deepEqual(await launch([join(alone, 'lb-agent'), 'status'], { PATH: `${dirname(old)}:/usr/bin:/bin` }), {
      code: 2,
      said: `lb-agent: ${old} is v20.20.2; lb-agent needs Node.js 24 or newer. Name one: LB_AGENT_NODE=/path/to/node`,
    })
    const readlink = await launch(['which', 'readlink'])
    rmSync(old)
    symlinkSync(readlink.said, join(alone, 'old', 'readlink'))
    assert.deepEqual(await launch(['/bin/bash', join(alone, 'lb-agent'), 'status'], { PATH: dirname(old) }), {
      code: 2,
      said: 'lb-agent: Node.js is not installed; install Node.js 24 or newer, or name one: LB_AGENT_NODE=/path/to/node',
    })
  })

  test('names what is wrong in agent.yaml, and a file that is not there', async () => {
    const file = config('supervisr: embedded\n')
    const wrong = await launch([launcher, 'run', '--config', file])
    assert.equal(wrong.code, 1)
    assert.match(wrong.said, new RegExp(`^lb-agent: ${file}:4:1 .*supervisr`))
    assert.deepEqual(await launch([launcher, 'run', '--config', join(base, 'nowhere.yaml')]), {
      code: 1,
      said: `lb-agent: ${join(base, 'nowhere.yaml')} does not exist; it says where the repository is (see README, "agent.yaml"), or name one: --config FILE`,
    })
  })

  test('a wrong call ends with 2, a verb without an agent with 3', async () => {
    const file = config('supervisor: embedded\n')
    for (const args of [['nonsense'], ['status', '--nonsense'], ['render', 'x'], ['sync', '--config']]) {
      assert.equal((await launch([launcher, ...args])).code, 2, args.join(' '))
    }
    for (const verbName of ['status', 'sync', 'rollback', 'stop']) {
      const asked = await launch([launcher, verbName, '--config', file])
      assert.deepEqual(asked, {
        code: 3,
        said: `lb-agent: no agent runs on this node (${base}/run/control.sock); HAProxy and keepalived need none to go on serving, unless lb-agent stop has ended them. Start it: systemctl start lb-agent (with supervisor: embedded, lb-agent-embedded), or lb-agent run`,
      })
    }
  })
})

type Said = { code: number; said: string }
