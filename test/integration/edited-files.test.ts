import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { readHaproxyState } from '../../src/daemons/haproxy-state.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import {
  apply,
  type Cluster,
  liveFile,
  livePair,
  onePort,
  releaseOf,
  settled,
  specText,
  startCluster,
  statusOf,
  storedPair,
  sync,
  VIP,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('a daemon that runs a file edited by hand', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
  })
  after(() => cluster.close())

  const edit = async (daemon: 'haproxy' | 'keepalived', from: RegExp, to: string): Promise<void> => {
    const file = liveFile(one, daemon)
    const text = readFileSync(file, 'utf8')
    assert.match(text, from)
    writeFileSync(file, text.replace(from, to))
    process.kill(one.pidOf(daemon), daemon === 'haproxy' ? 'SIGUSR2' : 'SIGHUP')
    await until('the drift shows', 5_000, async () => (await statusOf(one)).drift.files.length === 1)
  }
  const serversOf = async (backend: string): Promise<string> => {
    const state = await readHaproxyState(join(one.directory, 'run/haproxy.sock'), 2_000)
    if (state.kind === 'unavailable') return state.reason
    return state.state.servers
      .filter((server) => server.backend === backend)
      .map(({ name }) => name)
      .join()
  }
  const stagesAfterActivate = async (): Promise<readonly string[]> => {
    const stages = (await statusOf(one)).lastPass?.stages.map(({ stage }) => stage) ?? []
    return stages.slice(stages.indexOf('activate') + 1)
  }

  test('HAProxy reads the next release although that changes keepalived.conf only', async () => {
    await edit('haproxy', /^.*server beta .*$/m, '    # beta is out')
    await until('HAProxy runs without beta', 5_000, async () => (await serversOf('web-servers')) === 'alpha')
    const text = specText().replace('vrrp: {', 'vrrp: { advertInterval: 150ms,')
    cluster.repository.commit({ 'lb.yaml': text }, 'Another interval')
    for (const agent of cluster.agents) assert.equal((await sync(agent)).code, 0)
    assert.equal(await serversOf('web-servers'), 'alpha,beta')
    await settled(cluster)
    assert.deepEqual(livePair(one), storedPair(one, releaseOf(await statusOf(one))))
  })

  test('keepalived reads the next release although that changes haproxy.cfg only, and one node holds the VIP', async () => {
    await apply(cluster, {})
    await edit('keepalived', /virtual_router_id 7/, 'virtual_router_id 99')
    await until('both nodes hold the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'one,two')
    cluster.repository.commit({ 'lb.yaml': specText({ services: onePort(2001) }) }, 'Another service')
    const [applied] = await Promise.all(cluster.agents.map((agent) => sync(agent)))
    assert.equal(applied?.code, 0, applied?.said)
    assert.deepEqual(await stagesAfterActivate(), [
      'reload haproxy',
      'confirm haproxy',
      'drain first',
      'reload keepalived',
      'confirm keepalived',
      'watch',
    ])
    await settled(cluster)
    assert.deepEqual(livePair(one), storedPair(one, releaseOf(await statusOf(one))))
  })

  test('a release that is rejected leaves neither daemon with the edited file', async () => {
    const release = releaseOf(await statusOf(one))
    await edit('keepalived', /virtual_router_id 7/, 'virtual_router_id 99')
    await until('both nodes hold the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'one,two')
    // `haproxy -c` does not look at the directory of a socket.
    const template = readFileSync(join(import.meta.dirname, '../../templates/haproxy.cfg.j2'), 'utf8').replace(
      '\n    stats timeout',
      '\n    stats socket /run/nowhere/x.sock\n    stats timeout',
    )
    cluster.repository.commit({ 'templates/haproxy.cfg.j2': template }, 'A socket nowhere')
    assert.equal((await sync(one)).code, 1)
    assert.equal(releaseOf(await statusOf(one)), release)
    assert.deepEqual(livePair(one), storedPair(one, release))
    await until('one node holds the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'one')
    await apply(cluster, { services: onePort(2001) })
  })
})
