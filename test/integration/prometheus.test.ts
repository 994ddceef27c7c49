import assert from 'node:assert/strict'
import { appendFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { agentOf, backToFirst, type DrillContext } from '../../src/drill/context.ts'
import { badCommit } from '../../src/drill/faults/commits.ts'
import { haproxyKill } from '../../src/drill/faults/haproxy.ts'
import { keepalivedKill } from '../../src/drill/faults/keepalived.ts'
import { nodeCut } from '../../src/drill/faults/network.ts'
import { backendsDownHere } from '../../src/drill/faults/servers.ts'
import { type LabAgent, syncAll, until } from '../../src/drill/lab-agents.ts'
import { type Dashboard, dashboard } from '../../src/monitoring/dashboard.ts'
import { connectControl } from '../../src/serve/control-client.ts'
import { liveFile, verb } from '../support/cluster.ts'
import { nameOf, type Prometheus, SCRAPE_EVERY_MS } from '../support/prometheus.ts'
import { missingForDaemons, missingPrograms } from '../support/requirements.ts'
import { type Seat, takeSeat } from '../support/seat.ts'
import { print, startWatchedLab, type WatchedLab } from '../support/watched-lab.ts'

const NODES = ['lb1', 'lb2', 'lb3'] as const
const ROUNDS = 10

suite('a real Prometheus', { skip: missingForDaemons() || missingPrograms('prometheus'), timeout: 240_000 }, () => {
  let watched: WatchedLab
  let context: DrillContext
  let prometheus: Prometheus
  let seat: Seat
  let lb1: LabAgent
  const expected = new Set<string>()
  let quietSince = 0

  before(async () => {
    watched = await startWatchedLab()
    context = watched.context
    prometheus = watched.prometheus
    seat = takeSeat(context.lab)
    lb1 = agentOf(context, 'lb1')
  })
  after(() => watched?.close())
  beforeEach(() => prometheus.fires())

  const fires = (...alerts: readonly string[]): Promise<void> => {
    for (const alert of alerts) expected.add(alert)
    return prometheus.fires(...alerts)
  }
  const onEach = (alert: string): string[] => NODES.map((node) => `${alert} ${node}`)
  const metricsOf = (node: string): string =>
    `http://${context.spec.nodes.find(({ name }) => name === node)?.address}:9853/metrics`

  test('scrapes every agent, accepts every rule, and nothing fires', async () => {
    await until('all targets are up', 10_000, async () => (await prometheus.query('up == 1')).length === NODES.length)
    const { activeTargets } = (await prometheus.get('targets')) as {
      activeTargets: { health: string; lastError: string; labels: Record<string, string> }[]
    }
    assert.deepEqual(
      activeTargets
        .map(({ health, lastError, labels }) => ({ health, lastError, labels }))
        .sort((a, b) => (a.labels['instance'] ?? '').localeCompare(b.labels['instance'] ?? '')),
      NODES.map((instance) => ({
        health: 'up',
        lastError: '',
        labels: { job: 'lb-agent', cluster: 'lab', instance },
      })),
    )
    const { groups } = (await prometheus.get('rules')) as {
      groups: { rules: { name: string; health: string; lastError?: string; state: string }[] }[]
    }
    const rules = groups.flatMap((group) => group.rules)
    assert.ok(rules.length > 15)
    for (const { name, health, lastError, state } of rules)
      assert.deepEqual([health, lastError, state], ['ok', undefined, 'inactive'], name)
    quietSince = performance.now()
  })

  test('has data for every panel of the dashboard, and knows every metric that a rule or a panel names', async () => {
    const file = join(context.lab.directory, 'lb.yaml')
    const { panels, annotations }: Dashboard = JSON.parse(await print(context.lab, file, '--grafana'))
    const exprs = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })))
    assert.ok(exprs.length > 10)
    // Prometheus has to see a pass happen: those of the start came before its first scrape.
    await syncAll([lb1])
    for (const { title, expr } of exprs) {
      await until(`${title}: ${expr} has data`, 10_000, async () => {
        const samples = await prometheus.query(expr)
        return samples.length > 0 && samples.every(({ value }) => Number.isFinite(value))
      })
    }
    const exposed = (await seat.ask(metricsOf('lb1'))).text
    const known = new Set(
      [...exposed.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
      ),
    )
    const texts = [
      ...[await print(context.lab, file, '--rules')],
      ...exprs.map(({ expr }) => expr),
      ...annotations.list.map(({ expr }) => expr),
    ]
    const named = texts.flatMap((text) => [...text.matchAll(/\b([a-z_]+)\{/g)].map(([, name = '']) => name))
    assert.deepEqual(
      [...new Set(named)].filter((name) => name !== 'up' && !known.has(name)),
      [],
    )
  })

  test('an agent that is killed is down within two scrapes, for Prometheus and for its peers, and only that fires', async (t) => {
    await lb1.end('SIGKILL')
    const killedAt = performance.now()
    await until('up == 0', 5_000, async () => (await prometheus.query('up{instance="lb1"} == 0')).length === 1)
    const tookMs = Math.round(performance.now() - killedAt)
    t.diagnostic(`up == 0 in Prometheus ${tookMs} ms after the kill, scraped every ${SCRAPE_EVERY_MS} ms`)
    const view = JSON.parse((await verb(agentOf(context, 'lb2'), 'status', '--cluster', '--json')).said)
    assert.match(view.headline.text, /VIP api is on no node, unless lb1 has it, which does not answer/)
    await fires('LbAgentDown lb1')
    const balancers = dashboard(context.spec).panels.find(({ title }) => title === 'Balancers')
    const shown = await prometheus.query(balancers?.targets[0]?.expr ?? '')
    assert.deepEqual(Object.fromEntries(shown.map(({ labels, value }) => [labels['instance'], value])), {
      lb1: -1,
      lb2: 1,
      lb3: 1,
    })
    lb1.start()
    await backToFirst(context)
    await prometheus.fires()
  })

  test('HAProxy that stays down on one node, and a live file that was edited on another', async () => {
    const allow = watched.keepDown('haproxy')
    appendFileSync(liveFile(agentOf(context, 'lb3'), 'haproxy'), '# by hand\n')
    await haproxyKill.inject(context)
    await fires('LbGateClosed lb1', 'LbDrift lb3')
    allow()
    assert.equal((await verb(agentOf(context, 'lb3'), 'sync', '--restore')).code, 0)
    await haproxyKill.mend(context)
  })

  test('keepalived that is killed says MASTER no more after a second, and its VIP is on two', async () => {
    const allow = watched.keepDown('keepalived')
    await keepalivedKill.prepare?.(context)
    const injecting = keepalivedKill.inject(context)
    await sleep(1_000)
    const { text } = await seat.ask(metricsOf('lb1'))
    assert.match(text, /^lb_agent_vrrp_state\{vip="api",state="MASTER"\} 0$/m)
    assert.doesNotMatch(text, /^keepalived_vrrp_state\{.*\} 2$/m)
    await injecting
    await fires('LbKeepalivedDown lb1', 'LbVipWithTwoHolders api')
    allow()
    await keepalivedKill.mend(context)
  })

  test('servers that one node cannot reach are a warning of it, and servers that are down everywhere one alert', async () => {
    await backendsDownHere.inject(context)
    await fires('LbServiceBelowMinimumHere lb1 kubernetes-api')
    // As backends-down-everywhere does, but no longer than the alert needs.
    const pool = context.spec.pools.find(({ name }) => name === 'masters')
    const hosts = context.lab.serversOf(pool?.servers.map(({ address }) => address) ?? [])
    for (const host of hosts) await context.lab.stopServer(host)
    await fires('LbServiceBelowMinimum kubernetes-api')
    for (const host of hosts) await context.lab.startServer(host)
    await backendsDownHere.mend(context)
  })

  test('a node that is cut off is silent, also of a repository that is away, and its VIP is known to be on another', async () => {
    const bare = join(context.lab.directory, 'config.git')
    renameSync(bare, `${bare}.away`)
    await Promise.all([nodeCut.inject(context), ...context.agents.map((agent) => agent.run(['sync']))])
    await fires('LbAgentDown lb1', 'LbFetchStale lb2', 'LbFetchStale lb3')
    const holders = await prometheus.query('lb_agent_vip_owned{vip="api"} == 1')
    assert.deepEqual(
      holders.map(({ labels }) => labels['instance']),
      ['lb2'],
    )
    renameSync(`${bare}.away`, bare)
    await Promise.all([nodeCut.mend(context), syncAll(context.agents)])
  })

  test('a release that is rolled back is one alert, and the next commit, which is rejected, one after it', async () => {
    const broken = context.text.replace('port: 80,', 'port: 80, serverPort: 81,')
    await context.repository.commit({ 'lb.yaml': broken }, 'Another port')
    await Promise.all(context.agents.map((agent) => verb(agent, 'sync', '--wait')))
    await fires(...onEach('LbRolledBack'))
    await badCommit.inject(context)
    await fires(...onEach('LbRevisionRejected'))
    await badCommit.mend(context)
  })

  test('a move shows in the metrics of both nodes within 200 ms, and too many of them are flapping', async (t) => {
    const other = takeSeat(context.lab)
    const address = context.spec.vips[0]?.address ?? ''
    const owned = (value: 0 | 1): string => `lb_agent_vip_owned{vip="api",address="${address}"} ${value}`
    const state = (value: 0 | 1): string => `lb_agent_vrrp_state{vip="api",state="MASTER"} ${value}`
    const control = connectControl(join(lb1.directory, 'run', 'control.sock'))
    const lateMs: number[] = []
    // A process that is just starting would be late itself.
    for (const each of [seat, other]) for (const node of NODES) await each.ask(metricsOf(node))
    for (let round = 0; round < ROUNDS; round += 1) {
      const [from, to] = round % 2 === 0 ? ['lb1', 'lb2'] : ['lb2', 'lb1']
      const startedAtMs = Date.now()
      const told = Promise.all([
        seat.ask(metricsOf(to), [owned(1), state(1)]),
        other.ask(metricsOf(from), [owned(0), state(0)]),
      ])
      // As the verbs do, but without the start of a process in each round.
      await control.stream(round % 2 === 0 ? '/v1/drain?' : '/v1/undrain?', () => 'more')
      const [taken, given] = await told
      await sleep(100)
      const { holders } = context.holders.summarize(address, startedAtMs, Date.now())
      const [last, next] = [holders.find(({ node }) => node === from), holders.find(({ node }) => node === to)]
      assert.ok(last !== undefined && next !== undefined, JSON.stringify(holders))
      lateMs.push(taken.atMs - startedAtMs - next.fromMs, given.atMs - startedAtMs - last.untilMs)
    }
    lateMs.sort((a, b) => a - b)
    const ms = (value = 0): string => `${Math.round(value)} ms`
    t.diagnostic(
      `${ROUNDS} moves, told by both nodes: median ${ms(lateMs[ROUNDS])}, worst ${ms(lateMs.at(-1))} after the kernel`,
    )
    // What has to be reached is 200 ms on a machine that has nothing else to do.
    assert.ok((lateMs[ROUNDS] ?? 0) <= 200, lateMs.join(' '))
    await fires('LbVipFlapping api')
    await backToFirst(context)
  })

  test('nothing else has fired meanwhile, and the moves are on the dashboard', async () => {
    const range = `${Math.round((performance.now() - quietSince) / 1000)}s`
    const fired = await prometheus.query(`count_over_time(ALERTS{alertstate="firing"}[${range}])`)
    assert.deepEqual([...new Set(fired.map(({ labels }) => nameOf(labels)))].sort(), [...expected].sort())
    assert.ok((await prometheus.query('changes(lb_agent_vip_owned{vip="api"}[1m]) > 0')).length > 1)
  })
})
