import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Cluster, onePort, specText, startCluster, statusOf, VIP, verb } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

const MOVED = '10.9.0.101'

suite('the confirm window', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster('apply: { confirmWindow: 10s, reloadTimeout: 6s }\n')
  })
  after(() => cluster?.close())

  test('status and why show the VIP and the services that the daemons run already', async () => {
    const text = specText({ services: onePort(90) }).replace(VIP, MOVED)
    cluster.repository.commit({ 'lb.yaml': text }, 'Another address, and one more service')
    const synced = await Promise.all(cluster.agents.map((agent) => verb(agent, 'sync')))
    const [seen, told] = [await statusOf(cluster.one), await verb(cluster.one, 'why', 'v', '--json')]
    assert.deepEqual(
      synced.map(({ code }) => code),
      [0, 0],
    )
    assert.deepEqual(seen.lastPass?.result, { kind: 'running', waits: null })
    assert.deepEqual(
      seen.vips.map(({ name, address }) => [name, address]),
      [['v', MOVED]],
    )
    assert.deepEqual(
      seen.services.map(({ name, address, total, servers }) => [name, address, total, servers.length]),
      [
        ['web', MOVED, 2, 2],
        ['port-90', MOVED, 2, 2],
      ],
    )
    assert.equal((JSON.parse(told.said) as { address: string }).address, MOVED)
  })
})
