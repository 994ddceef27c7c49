import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { inNamespace } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import { killWithChildren, signalAll, withChildren } from '../../src/processes.ts'
import { type Cluster, killAgent, settled, startCluster, VIP, verb } from '../support/cluster.ts'
import { missingForDaemons, missingPrograms } from '../support/requirements.ts'

const ASK = `
  // The quickest of several: a machine that is busy makes some slow, a scrape that waits for a daemon makes all slow.
  let ms = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now()
    const response = await fetch(process.argv[1])
    const text = await response.text()
    ms = Math.min(ms, performance.now() - startedAt)
    if (round === 4) console.log(JSON.stringify({ status: response.status, ms, text }))
  }
`
type Answer = { status: number; ms: number; text: string }

suite('metrics', { skip: missingForDaemons() || missingPrograms('promtool'), timeout: 120_000 }, () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
  })
  after(() => cluster.close())
  beforeEach(() => settled(cluster))

  /** Asked from the client's seat, as a Prometheus elsewhere would. */
  const scrape = async (node: 'one' | 'two'): Promise<Answer> => {
    const url = `http://10.9.0.${node === 'one' ? 1 : 2}:9853/metrics`
    const argv = [process.execPath, '--input-type=module', '-e', ASK, url]
    return JSON.parse(await inNamespace(cluster.lab.network.namespace('.client'), argv))
  }
  const value = (text: string, series: string): number | undefined => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }
  const comesTrue = (what: string, node: 'one' | 'two', holds: (text: string) => boolean): Promise<void> =>
    until(what, 10_000, async () => holds((await scrape(node)).text))

  test('promtool has nothing to say, and the facts are those of the node', async () => {
    await comesTrue(
      'keepalived’s counters and the peers are known',
      'one',
      (text) => text.includes('keepalived_advertisements_sent_total{') && text.includes('lb_agent_peer_up{'),
    )
    const { status, text } = await scrape('one')
    assert.equal(status, 200)
    const checked = await exec('promtool', ['check', 'metrics'], { timeoutMs: 10_000, input: text })
    assert.ok(succeeded(checked), describeFailure(checked))
    assert.equal(checked.stderr, '')
    const labels = `iname="v",intf="eth0",vrid="7"`
    for (const [series, expected] of [
      [`lb_agent_vip_owned{vip="v",address="${VIP}"}`, 1],
      ['lb_agent_vrrp_state{vip="v",state="MASTER"}', 1],
      ['lb_agent_vrrp_state{vip="v",state="BACKUP"}', 0],
      [`keepalived_vrrp_state{${labels},ip_address="${VIP}"}`, 2],
      ['lb_agent_gate_open', 1],
      ['lb_agent_score{vip="v"}', 100],
      ['lb_agent_score_reason{vip="v",reason="healthy"}', 1],
      ['lb_agent_score_reason{vip="v",reason="drained"}', 0],
      ['lb_agent_vrrp_effective_priority{vip="v"}', 254],
      ['lb_agent_service_servers_up{service="web",vip="v"}', 2],
      ['lb_agent_service_servers_minimum{service="web",vip="v"}', 1],
      ['lb_agent_pending', 0],
      ['lb_agent_fetch_ok', 1],
      ['lb_agent_drift_files', 0],
      ['lb_agent_peer_up{peer="two"}', 1],
      ['lb_agent_haproxy_old_workers', 0],
      ['lb_agent_well', 1],
      ['keepalived_script_status{name="haproxy_serves"}', 1],
      [`keepalived_gratuitous_arp_delay_total{${labels}}`, 1],
    ] as const)
      assert.equal(value(text, series), expected, series)
    assert.ok((value(text, `keepalived_advertisements_sent_total{${labels}}`) ?? 0) > 0)
    assert.ok((value(text, 'keepalived_script_state{name="haproxy_serves"}') ?? -1) >= 0)
    assert.ok((value(text, 'lb_agent_probe_duration_seconds_count') ?? 0) > 10)
    assert.ok((value(text, 'lb_agent_fact_age_seconds{fact="peers"}') ?? 99) < 20)
    for (const [fact, seconds] of [
      ['haproxy_workers', 15],
      ['keepalived_dump', 65],
    ] as const) {
      const age = value(text, `lb_agent_fact_age_seconds{fact="${fact}"}`)
      assert.ok(age !== undefined && age >= 0 && age <= seconds, `${fact}: ${age}`)
    }
    assert.ok((value(text, 'process_resident_memory_bytes') ?? 0) > 10e6)
    for (const daemon of ['haproxy', 'keepalived']) {
      const series = (name: string): string => `lb_agent_daemon_${name}{daemon="${daemon}"}`
      // HAProxy's master and its worker, keepalived and its VRRP process.
      assert.equal(value(text, series('processes')), 2)
      assert.ok((value(text, series('resident_memory_bytes')) ?? 0) > 5e6)
      assert.ok((value(text, series('cpu_seconds_total')) ?? -1) >= 0)
    }
    // They are HAProxy's own, as long as nobody chooses otherwise.
    assert.equal(text.includes('haproxy_server_status'), false)
    assert.equal(value((await scrape('two')).text, `lb_agent_vip_owned{vip="v",address="${VIP}"}`), 0)
  })

  test('a move shows on both nodes, and is counted', async () => {
    const moves = 'lb_agent_vrrp_transitions_total{vip="v",from="MASTER",to="BACKUP"}'
    // While the cluster comes up, the VIP may have been on the other node first.
    const before = value((await scrape('one')).text, moves) ?? 0
    assert.equal((await verb(cluster.one, 'drain')).code, 0)
    const [one, two] = [await scrape('one'), await scrape('two')]
    assert.equal(value(one.text, `lb_agent_vip_owned{vip="v",address="${VIP}"}`), 0)
    assert.equal(value(one.text, 'lb_agent_drained{vip="v"}'), 1)
    assert.equal(value(one.text, 'lb_agent_score_reason{vip="v",reason="drained"}'), 1)
    assert.equal(value(one.text, 'lb_agent_score_reason{vip="v",reason="healthy"}'), 0)
    assert.equal(value(two.text, `lb_agent_vip_owned{vip="v",address="${VIP}"}`), 1)
    assert.equal(value(one.text, moves), before + 1)
    await verb(cluster.one, 'undrain')
  })

  test('a hung HAProxy and a dead keepalived are told at once, and delay nothing', async () => {
    const haproxy = withChildren(cluster.two.pidOf('haproxy'))
    signalAll(haproxy, 'SIGSTOP')
    try {
      await comesTrue('HAProxy is not up', 'two', (text) => value(text, 'lb_agent_haproxy_up') === 0)
      const { text, ms } = await scrape('two')
      assert.ok(ms < 250, `the scrape took ${ms} ms`)
      assert.equal(value(text, 'lb_agent_gate_open'), 0)
      assert.equal(value(text, 'lb_agent_service_servers_up{service="web",vip="v"}'), undefined)
    } finally {
      signalAll(haproxy, 'SIGCONT')
    }
    await settled(cluster)
    const hasCounters = (text: string): boolean => text.includes('keepalived_advertisements_received_total{')
    await comesTrue('keepalived’s counters are known', 'two', hasCounters)
    killWithChildren(cluster.two.pidOf('keepalived'))
    await comesTrue('its death is counted', 'two', (text) =>
      text.includes('lb_agent_daemon_deaths_total{daemon="keepalived"} 1'),
    )
    // Its successor has not counted anything yet.
    await comesTrue('the next one runs, and has no counters of the one before', 'two', (text) => {
      const hasAge = text.includes('lb_agent_fact_age_seconds{fact="keepalived_dump"}')
      return value(text, 'lb_agent_keepalived_up') === 1 && !hasCounters(text) && !hasAge
    })
    await comesTrue('its own are known', 'two', hasCounters)
  })

  test('status --wait returns when the cluster has been that way long enough, or says what is missing', async () => {
    const startedAt = performance.now()
    const good = await verb(cluster.one, 'status', '--wait', 'vip v served, servers >= 2', '--for', '2s')
    assert.equal(good.code, 0, good.said)
    assert.ok(performance.now() - startedAt >= 2_000)
    const bad = await verb(cluster.one, 'status', '--wait', 'vip v served, servers >= 3', '--timeout', '1s')
    assert.equal(bad.code, 1)
    assert.match(bad.said, /lb-agent: not within 1s: web has 2 of 3 servers up/)
    assert.equal((await verb(cluster.one, 'status', '--wait', 'vip v')).code, 2)
  })

  test('status --cluster shows every node, and says who is silent', async () => {
    const { code, said } = await verb(cluster.one, 'status', '--cluster')
    assert.equal(code, 0, said)
    assert.match(said, /^● all is well on 2 nodes\n/)
    assert.match(said, /^one +(\w{12}) +\1 +MASTER HERE +all is well$/m)
    assert.match(said, /^two +(\w{12}) +\1 +BACKUP +all is well$/m)
    await killAgent(cluster.two)
    const alone = await verb(cluster.one, 'status', '--cluster', '--json')
    assert.equal(alone.code, 1)
    const { headline, holders, nodes } = JSON.parse(alone.said)
    assert.equal(headline.text, 'no answer from two')
    assert.deepEqual(holders, { v: ['one'] })
    assert.deepEqual(nodes[1], { name: 'two', kind: 'silent', reason: 'nobody listens on port 9853' })
    cluster.two.start()
  })
})
