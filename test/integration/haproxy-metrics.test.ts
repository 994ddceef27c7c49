import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import { parseFigures } from '../../src/daemons/haproxy-figures.ts'
import { ask } from '../../src/daemons/haproxy-socket.ts'
import { readHaproxyState } from '../../src/daemons/haproxy-state.ts'
import { inNamespace } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import { writeHaproxy } from '../../src/metrics/haproxy-exposition.ts'
import { createTextBuffer } from '../../src/metrics/text-buffer.ts'
import { signalAll, withChildren } from '../../src/processes.ts'
import { type Cluster, ended, settled, startCluster } from '../support/cluster.ts'
import { missingForDaemons, missingPrograms } from '../support/requirements.ts'

/** Servers in every state that HAProxy's exporter tells apart. Checked once, so that what is compared does not move. */
const CONFIG = (directory: string): string => `
global
  stats socket ${directory}/stats.sock mode 600 level admin
  max-spread-checks 1
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout check 500ms
frontend own
  bind unix@${directory}/exporter.sock
  http-request return status 200 content-type text/plain string ok if { path /alive }
  http-request use-service prometheus-exporter if { path /metrics }
  http-request return status 404
frontend web
  bind unix@${directory}/web.sock
  default_backend mixed
frontend shut
  bind unix@${directory}/shut.sock
frontend paused
  bind unix@${directory}/paused.sock
backend mixed
  option httpchk GET /alive
  default-server check inter 1h fastinter 1h fall 1 rise 1
  server good unix@${directory}/exporter.sock weight 7
  server spare unix@${directory}/exporter.sock backup
  server gone unix@${directory}/nobody.sock
  server silent 127.0.0.1:1
  server plain unix@${directory}/exporter.sock check-ssl verify none
  server off unix@${directory}/exporter.sock disabled
  server leaving unix@${directory}/exporter.sock
  server unchecked unix@${directory}/exporter.sock no-check
backend refusing
  option httpchk GET /nothing
  server status unix@${directory}/exporter.sock check inter 1h fall 1
backend ending
  option httpchk GET /nothing
  http-check disable-on-404
  server nolb unix@${directory}/exporter.sock check inter 1h fall 1
backend tcp
  mode tcp
  server open unix@${directory}/exporter.sock check inter 1h
backend none
`

/** What the comparison itself changes while it looks: only that it is there can be compared. */
const MOVED_BY_LOOKING = /^haproxy_(?:process_current_connections|frontend_current_sessions\{proxy="own"\})/

suite('HAProxy’s figures', { skip: missingForDaemons() || missingPrograms('promtool'), timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-figures-'))
  const socket = join(directory, 'stats.sock')
  let haproxy: ChildProcess
  before(async () => {
    writeFileSync(join(directory, 'haproxy.cfg'), CONFIG(directory))
    haproxy = spawn('haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')], { stdio: 'ignore' })
    await until('every server has been checked', 10_000, async () => {
      const read = await readHaproxyState(socket, 1_000)
      return read.kind === 'state' && read.state.servers.every(({ lastCheck }) => !/^INI|^\* /.test(lastCheck))
    })
  })
  after(async () => {
    haproxy.kill('SIGKILL')
    if (haproxy.pid !== undefined) await ended(haproxy.pid)
    rmSync(directory, { recursive: true, force: true })
  })
  const ours = async (): Promise<string> => {
    const read = await readHaproxyState(socket, 2_000)
    assert.ok(read.kind === 'state', JSON.stringify(read))
    const out = createTextBuffer(1024)
    writeHaproxy(parseFigures(read.state.report), out)
    return out.bytes().toString('utf8')
  }

  test('have the names, types, labels and values of HAProxy’s own exporter', async () => {
    for (const command of ['set server mixed/leaving state drain', 'shutdown frontend shut', 'disable frontend paused'])
      assert.equal((await ask(socket, command, 1_000)).kind, 'answer')
    for (let count = 0; count < 20; count += 1) await get(join(directory, 'web.sock'), '/alive')

    const earlier = read(await ours())
    const exporter = read(await get(join(directory, 'exporter.sock'), '/metrics'))
    const later = read(await ours())

    for (const [name, type] of later.types) assert.equal(type, exporter.types.get(name), `TYPE of ${name}`)
    const theirs = [...exporter.samples].filter(
      ([series, value]) => later.types.has(series.replace(/\{.*/, '')) && !Number.isNaN(value),
    )
    assert.deepEqual([...later.samples.keys()].sort(), theirs.map(([series]) => series).sort())
    for (const [series, value] of theirs) {
      if (MOVED_BY_LOOKING.test(series)) continue
      const [low, high] = [earlier.samples.get(series), later.samples.get(series)]
      assert.ok(low !== undefined && high !== undefined)
      assert.ok(low <= value && value <= high, `${series}: the exporter says ${value}, we ${low} and then ${high}`)
    }
    // So that it is known what was compared.
    const states = theirs.flatMap(([series, value]) =>
      value === 1 ? (/^haproxy_server_(?:check_)?status\{.*state="(\w+)"/.exec(series)?.[1] ?? []) : [],
    )
    assert.deepEqual([...new Set(states)].sort(), [
      ...['DOWN', 'DRAIN', 'L4CON', 'L4OK', 'L6RSP', 'L7OK', 'L7OKC', 'L7STS', 'MAINT', 'NOLB', 'SOCKERR', 'UP'],
    ])
    assert.ok((later.samples.get('haproxy_frontend_sessions_total{proxy="web"}') ?? 0) >= 20)
  })

  test('leave promtool nothing to say', async () => {
    const checked = await exec('promtool', ['check', 'metrics'], { timeoutMs: 10_000, input: await ours() })
    assert.ok(succeeded(checked), describeFailure(checked))
    assert.equal(checked.stderr, '')
  })
})

suite('who serves HAProxy’s figures', { skip: missingForDaemons(), timeout: 180_000 }, () => {
  const CHOICE = 'metrics: { haproxy: agent }\n'
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster(`apply: { confirmWindow: 400ms, reloadTimeout: 6s }\n${CHOICE}`)
  })
  after(() => cluster.close())

  const fetched = async (node: 'one' | 'two', port: number): Promise<string> => {
    const code = `const got = await fetch('http://127.0.0.1:${port}/metrics'); console.log(got.ok ? await got.text() : got.status)`
    const argv = [process.execPath, '--input-type=module', '-e', code]
    return await inNamespace(cluster.lab.network.namespace(node), argv)
  }
  const status = 'haproxy_server_status{proxy="web-servers",server="alpha",state="UP"} 1'

  test('agent: the agent does, HAProxy does not, and nothing is told of a HAProxy that hangs', async () => {
    assert.equal(await fetched('one', 8405), '404\n')
    assert.ok((await fetched('one', 9853)).includes(status))
    const haproxy = withChildren(cluster.two.pidOf('haproxy'))
    signalAll(haproxy, 'SIGSTOP')
    try {
      await until(
        'no figure of it is left',
        10_000,
        async () => !(await fetched('two', 9853)).includes('haproxy_server'),
      )
    } finally {
      signalAll(haproxy, 'SIGCONT')
    }
    await settled(cluster)
  })

  test('a new choice is rendered when the agent starts, though the revision is the same', async () => {
    const { one } = cluster
    writeFileSync(one.configFile, readFileSync(one.configFile, 'utf8').replace(CHOICE, ''))
    await one.end('SIGTERM')
    one.start()
    await until('HAProxy serves them', 20_000, async () => (await fetched('one', 8405)).includes(status))
    await until('the agent does no more', 5_000, async () => {
      const served = await fetched('one', 9853).catch(() => '')
      return served.includes('lb_agent_well') && !served.includes('haproxy_server')
    })
    assert.ok(!(await fetched('two', 8405)).includes(status))
    await settled(cluster)
  })
})

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, agent: false }, (response) => text(response).then(resolve, reject))
      .on('error', reject)
      .end()
  })
}

/** Types by name, values by series as they are written. */
function read(exposition: string): { types: Map<string, string>; samples: Map<string, number> } {
  const lines = exposition.split('\n').filter((line) => line !== '')
  const types = lines.flatMap((line): [string, string][] => {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    return name === undefined || type === undefined ? [] : [[name, type]]
  })
  const samples = lines.flatMap((line): [string, number][] => {
    const at = line.lastIndexOf(' ')
    return line.startsWith('#') ? [] : [[line.slice(0, at), Number(line.slice(at + 1))]]
  })
  return { types: new Map(types), samples: new Map(samples) }
}
