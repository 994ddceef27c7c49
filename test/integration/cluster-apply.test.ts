import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { startChild } from '../../src/drill/child.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import {
  apply,
  type Cluster,
  killAgent,
  livePair,
  loadedRelease,
  mainProcesses,
  nothingLost,
  onePort,
  releaseOf,
  settled,
  specText,
  startCluster,
  statusOf,
  storedPair,
  sync,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

const HAPROXY_TEMPLATE = template('haproxy.cfg.j2')
const KEEPALIVED_TEMPLATE = template('keepalived.conf.j2')

suite('revisions', { skip: missingForDaemons(), timeout: 180_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
  })
  after(() => cluster.close())

  test('a release whose port another process holds is rejected before anything is touched', async () => {
    const { client, lab, repository } = cluster
    const release = releaseOf(await statusOf(one))
    const pair = livePair(one)
    const holder = startChild(
      lab.network.namespace('one'),
      [process.execPath, '-e', `require('node:net').createServer().listen(81, '0.0.0.0', () => console.log('ready'))`],
      join(lab.directory, 'holder.log'),
    )
    assert.equal(await holder.nextLine(), 'ready')
    await client.mark()
    const taken = repository.commit({ 'lb.yaml': specText({ services: onePort(81) }) }, 'Add a service')
    const result = await sync(one)
    await holder.close()
    assert.equal(result.code, 1, result.said)
    const rejected = (await statusOf(one)).rejected.find(({ revision }) => revision === taken)
    assert.equal(rejected?.stage, 'check')
    assert.match(
      rejected?.reason ?? '',
      new RegExp(
        `^haproxy could not bind 10\\.9\\.0\\.100:81 \\(haproxy\\.cfg:\\d+\\) of release ${taken.slice(0, 12)}-[0-9a-f]{8}: another process listens there; ${release} goes on serving$`,
      ),
    )
    assert.deepEqual(livePair(one), pair)
    const retried = await sync(one, '--retry')
    assert.equal(retried.code, 0, retried.said)
    assert.equal((await statusOf(one)).applied?.revision, taken)
    await nothingLost(cluster)
    await apply(cluster, {})
  })

  test('a release that passes the checks and fails at its reload is rolled back, and the old one serves all the while', async () => {
    const { client, repository } = cluster
    const release = releaseOf(await statusOf(one))
    const masters = await mainProcesses(cluster, 'one')
    await client.mark()
    // `haproxy -c` does not look at the directory of a socket.
    const text = HAPROXY_TEMPLATE.replace(
      '\n    stats timeout',
      '\n    stats socket /run/nowhere/x.sock\n    stats timeout',
    )
    const failing = repository.commit({ 'templates/haproxy.cfg.j2': text }, 'A socket nowhere')
    const startedAt = performance.now()
    const result = await sync(one)
    const tookMs = performance.now() - startedAt

    assert.equal(result.code, 1, result.said)
    assert.ok(tookMs < 10_000, `took ${Math.round(tookMs)} ms`)
    const status = await statusOf(one)
    assert.equal(releaseOf(status), release)
    assert.deepEqual(livePair(one), storedPair(one, release))
    assert.equal(await loadedRelease(one), release)
    assert.deepEqual(
      status.lastPass?.stages.slice(-4).map(({ stage, outcome }) => `${outcome} ${stage}`),
      ['ok activate', 'ok reload haproxy', 'failed confirm haproxy', 'ok roll back'],
    )
    const rejected = status.rejected.find(({ revision }) => revision === failing)
    assert.equal(rejected?.stage, 'confirm haproxy')
    assert.match(rejected?.reason ?? '', /^haproxy could not load the new file: .*\/run\/nowhere\/x\.sock/)
    assert.deepEqual(await mainProcesses(cluster, 'one'), masters)
    await apply(cluster, { comment: 'after a failed reload' })
    await nothingLost(cluster)
  })

  test('another port of a server counts from the reload on, so that one where nobody listens is rolled back', async () => {
    const { client, repository } = cluster
    await apply(cluster, { comment: 'the right port' })
    const release = releaseOf(await statusOf(one))
    await client.mark()
    const moved = specText().replace(
      'port: 80, pool: web',
      'port: 80, serverPort: 81, check: { type: tcp, interval: 50ms }, pool: web',
    )
    const wrong = repository.commit({ 'lb.yaml': moved }, 'Another port')
    const result = await sync(one)
    assert.equal(result.code, 1, result.said)
    const rejected = (await statusOf(one)).rejected.find(({ revision }) => revision === wrong)
    assert.deepEqual([rejected?.stage, rejected?.reason], ['watch', 'service web lost all of its servers'])
    assert.equal(await loadedRelease(one), release)
    await apply(cluster, { comment: 'after a wrong port' })
  })

  test('a mistake in lb.yaml is rejected with its line and column, once, until a commit mends it', async () => {
    const { client, repository } = cluster
    await client.mark()
    const release = releaseOf(await statusOf(one))
    const pair = livePair(one)
    const broken = repository.commit({ 'lb.yaml': specText({ virtualRouterId: 300 }) }, 'Break it')
    const reason = 'lb.yaml:8:46  vips.v.virtualRouterId is 300; a virtual router id is 1-255'
    const first = await sync(one)
    assert.equal(first.code, 1)
    assert.equal(first.said.split('\n').at(-1), `rejected at parse: ${reason}`)
    const again = await sync(one)
    assert.equal(again.code, 1)
    assert.equal(
      again.said.split('\n').at(-1),
      `refused: ${broken.slice(0, 12)} was rejected at parse: ${reason}. Push a commit that mends it, or try it again: lb-agent sync --retry`,
    )
    const status = await statusOf(one)
    assert.deepEqual(
      status.rejected.filter(({ revision }) => revision === broken).map(({ stage, reason: why }) => [stage, why]),
      [['parse', reason]],
    )
    assert.equal(status.headline.text, `${reason}; ${release} goes on serving`)
    assert.deepEqual(livePair(one), pair)
    const retried = await sync(one, '--retry')
    assert.equal(retried.said.split('\n').at(-1), `rejected at parse: ${reason}`)

    const mended = await apply(cluster, { comment: 'mended' })
    assert.equal((await statusOf(one)).applied?.revision, mended)
    await nothingLost(cluster)
  })

  test('a template that HAProxy refuses is rejected with HAProxy’s own message, file and line', async () => {
    const { client, repository } = cluster
    await client.mark()
    const release = releaseOf(await statusOf(one))
    const pair = livePair(one)
    const text = HAPROXY_TEMPLATE.replace('balance {{ service.balance }}', 'blance {{ service.balance }}')
    const refused = repository.commit({ 'templates/haproxy.cfg.j2': text }, 'A typing error')
    const result = await sync(one)
    assert.equal(result.code, 1)
    const rejected = (await statusOf(one)).rejected.find(({ revision }) => revision === refused)
    assert.equal(rejected?.stage, 'check')
    assert.match(
      rejected?.reason ?? '',
      new RegExp(
        `^haproxy refused release ${refused.slice(0, 12)}-[0-9a-f]{8}: parsing \\[haproxy\\.cfg:\\d+\\] ?: unknown keyword 'blance' in 'backend' section[^]*; ${release} goes on serving$`,
      ),
    )
    assert.deepEqual(livePair(one), pair)
    assert.equal(await loadedRelease(one), release)
    await apply(cluster, { comment: 'no template' })
    await nothingLost(cluster)
  })

  test('a template that keepalived refuses is rejected with keepalived’s own message, and HAProxy is not touched', async () => {
    const { client, repository } = cluster
    await client.mark()
    const release = releaseOf(await statusOf(one))
    const pair = livePair(one)
    const text = KEEPALIVED_TEMPLATE.replace('    virtual_router_id {{', '    virtual_ruter_id {{')
    const refused = repository.commit({ 'templates/keepalived.conf.j2': text }, 'A typing error')
    const result = await sync(one)
    assert.equal(result.code, 1)
    const rejected = (await statusOf(one)).rejected.find(({ revision }) => revision === refused)
    assert.equal(rejected?.stage, 'check')
    assert.match(
      rejected?.reason ?? '',
      new RegExp(
        `^keepalived refused release ${refused.slice(0, 12)}-[0-9a-f]{8}: [^]*\\(?keepalived\\.conf: Line \\d+\\)? Unknown keyword 'virtual_ruter_id'[^]*; ${release} goes on serving$`,
      ),
    )
    assert.deepEqual(livePair(one), pair)
    assert.equal(await loadedRelease(one), release)
    await apply(cluster, { comment: 'no template again' })
    await nothingLost(cluster)
  })

  test('a revision under which nobody can tell who holds a VIP is rejected with the finding, and nothing is rendered', async () => {
    const { client, repository } = cluster
    await client.mark()
    const release = releaseOf(await statusOf(one))
    const pair = livePair(one)
    const text = KEEPALIVED_TEMPLATE.replace('priority {{ instance.priority }}', 'priority 100')
    const tied = repository.commit({ 'templates/keepalived.conf.j2': text }, 'The same priority everywhere')
    const result = await sync(one)
    assert.equal(result.code, 1)
    assert.match(
      result.said,
      /rejected at prove: templates\/keepalived\.conf\.j2:\d+ {2}TIE: one and two have the same priority for 10\.9\.0\.100, 100 \+ 100 = 200:/,
    )
    assert.match(result.said, /what is meant so is accepted in lb\.yaml \(accept: \{ RULE: reason \}\)$/)
    const status = await statusOf(one)
    assert.deepEqual(
      status.rejected.filter(({ revision }) => revision === tied).map(({ stage }) => stage),
      ['prove'],
    )
    assert.equal(releaseOf(status), release)
    assert.deepEqual(livePair(one), pair)
    await apply(cluster, { comment: 'after an unproven revision' })
    await nothingLost(cluster)
  })

  test('a commit that changes only comments reloads nothing, and the revision advances', async () => {
    await apply(cluster, { comment: 'first words' })
    const earlier = await seen(one)
    const revision = await apply(cluster, { comment: 'other words' })
    const later = await seen(one)
    assert.deepEqual({ ...later, revision: earlier.revision }, earlier)
    assert.equal(later.revision, revision)
  })

  test('a new service moves no VIP, although HAProxy has none of its servers before the reload', async () => {
    const masterSince = async () => (await statusOf(one)).vips.map(({ state, sinceMs }) => ({ state, sinceMs }))
    await apply(cluster, {})
    const earlier = await masterSince()
    await cluster.client.mark()
    // Only here: the other node's score stays whole, so a lower one would lose the VIP.
    cluster.repository.commit({ 'lb.yaml': specText({ services: onePort(90) + onePort(91) }) }, 'Add services')
    assert.equal((await sync(one)).code, 0)
    assert.deepEqual(await masterSince(), earlier)
    assert.equal(earlier[0]?.state, 'MASTER')
    await nothingLost(cluster)
    await apply(cluster, {})
  })

  test('a change of a VIP alone reloads keepalived and leaves HAProxy’s worker alone', async () => {
    const { client } = cluster
    const earlier = await seen(one)
    await apply(cluster, { virtualRouterId: 8 })
    const later = await seen(one)
    assert.deepEqual(later.worker, earlier.worker)
    assert.deepEqual(later.mains, earlier.mains)
    assert.notEqual(later.keepalivedFile, earlier.keepalivedFile)
    const stages = (await statusOf(one)).lastPass?.stages.map(({ stage }) => stage)
    assert.deepEqual(
      stages?.filter((stage) => stage.startsWith('reload')),
      ['reload keepalived'],
    )
    await apply(cluster, {})
    await client.mark()
  })

  test('a change of the health listener’s port closes no gate and loses no request', async () => {
    await cluster.client.mark()
    const before = (await statusOf(one)).gate.sinceMs
    const closedBefore = gatesClosed(one)
    // The options end inside `services`, so that another section may follow them.
    await apply(cluster, { services: 'haproxy: { healthPort: 8499 }\n' })
    assert.equal((await statusOf(one)).gate.sinceMs, before)
    // An agent that starts knows the port from the release, before it asks for the first time.
    await killAgent(one)
    one.start()
    await settled(cluster)
    assert.equal((await statusOf(one)).gate.reason, 'HAProxy answers')
    assert.deepEqual(gatesClosed(one), closedBefore)
    await apply(cluster, {})
    await nothingLost(cluster)
  })

  test('a release that was rendered for another node, as on a copied disk, is rendered anew', async () => {
    const { two } = cluster
    const release = releaseOf(await statusOf(two))
    const file = join(two.directory, 'state', 'releases', release, 'release.json')
    const record = (): { node: string } => JSON.parse(readFileSync(file, 'utf8'))
    assert.equal(record().node, 'two')
    await killAgent(two)
    writeFileSync(file, JSON.stringify({ ...record(), node: 'one' }))
    two.start()
    await until('it is this node’s again', 10_000, async () => record().node === 'two')
    await settled(cluster)
  })

  test('a rollback goes back without the repository, and the next pass does not apply the revision again', async () => {
    const { client, repository } = cluster
    await apply(cluster, { comment: 'good' })
    const good = releaseOf(await statusOf(one))
    const revision = await apply(cluster, { services: onePort(82) })
    const show = repository.hide()
    await client.mark()
    const back = await verb(one, 'rollback')
    assert.equal(back.code, 0, back.said)
    assert.equal(releaseOf(await statusOf(one)), good)
    assert.equal(await loadedRelease(one), good)
    assert.deepEqual(livePair(one), storedPair(one, good))
    show()
    const next = await sync(one)
    assert.equal(next.code, 1)
    assert.equal(
      next.said.split('\n').at(-1),
      `refused: ${revision.slice(0, 12)} was rejected at roll back: rolled back by hand. Push a commit that mends it, or try it again: lb-agent sync --retry`,
    )
    assert.equal(await loadedRelease(one), good)
    const mended = await apply(cluster, { comment: 'after the rollback' })
    assert.equal((await statusOf(one)).applied?.revision, mended)
    await nothingLost(cluster)
  })

  test('a branch that was rewound is refused until somebody accepts it', async () => {
    const { client, repository } = cluster
    const earlier = await apply(cluster, { comment: 'to come back to' })
    const later = await apply(cluster, { services: onePort(83) })
    const release = releaseOf(await statusOf(one))
    await client.mark()
    repository.forcePush(earlier)
    const refused = await sync(one)
    assert.equal(refused.code, 1)
    assert.equal(
      refused.said.split('\n').at(-1),
      `refused: ${earlier.slice(0, 12)} does not descend from ${later.slice(0, 12)}, which this node runs: the branch was rewound. If that is meant: lb-agent sync --accept-rewind`,
    )
    assert.equal(await loadedRelease(one), release)
    for (const agent of cluster.agents) {
      const accepted = await sync(agent, '--accept-rewind')
      assert.equal(accepted.code, 0, accepted.said)
    }
    assert.equal((await statusOf(one)).applied?.revision, earlier)
    await settled(cluster)
    await nothingLost(cluster)
  })

  test('a repository that cannot be used is told with its reason and the next try, and traffic goes on', async () => {
    const { client, repository } = cluster
    const revision = await apply(cluster, { comment: 'before the repository goes' })
    const release = releaseOf(await statusOf(one))
    const pair = livePair(one)
    const short = revision.slice(0, 12)
    await client.mark()

    const show = repository.hide()
    await failsToFetch(
      one,
      `git fetch from ${repository.url}: there is no git repository at this address, or we may not see it`,
    )
    show()
    repository.deleteBranch('main')
    await failsToFetch(one, `${repository.url} has no branch yet; push branch main to it`)
    repository.forcePush(revision, 'other')
    await failsToFetch(one, `branch main does not exist in ${repository.url}; branches there: other`)
    repository.deleteBranch('other')
    repository.forcePush(revision)

    const without = repository.commit({ 'lb.yaml': null, 'elsewhere/lb.yaml': specText() }, 'Move lb.yaml')
    const moved = await sync(one)
    assert.equal(moved.code, 1)
    assert.equal(
      moved.said.split('\n').at(-1),
      `failed at read: lb.yaml  lb.yaml is not in branch main at commit ${without.slice(0, 12)} (repository.path is "."); the commit has elsewhere/lb.yaml`,
    )
    repository.commit({ 'lb.yaml': specText().replaceAll('one', 'uno'), 'elsewhere/lb.yaml': null }, 'Rename a node')
    const renamed = await sync(one)
    assert.equal(renamed.code, 1)
    assert.equal(
      renamed.said.split('\n').at(-1),
      'failed at render: this node, one, is not in lb.yaml (nodes there: uno, two); add it, or set "node:" in agent.yaml',
    )
    const { lastPass, fetch } = await statusOf(one)
    assert.deepEqual(lastPass?.stages.at(-1)?.stage, 'render')
    assert.ok(fetch?.ok === true && fetch.nextInMs > 0)

    assert.deepEqual(livePair(one), pair)
    assert.equal(await loadedRelease(one), release)
    assert.equal((await statusOf(one)).applied?.revision.slice(0, 12), short)
    await apply(cluster, { comment: 'the repository is back' })
    await nothingLost(cluster)
  })
})

/** What a needless reload would change. */
async function seen(agent: LabAgent) {
  const status = await statusOf(agent)
  return {
    worker: status.haproxy.state === 'running' ? status.haproxy.pid : status.haproxy.reason,
    mains: [agent.pidOf('haproxy'), agent.pidOf('keepalived')],
    keepalivedFile: livePair(agent).keepalived,
    revision: status.applied?.revision,
  }
}

async function failsToFetch(agent: LabAgent, reason: string): Promise<void> {
  const result = await sync(agent)
  assert.equal(result.code, 1)
  assert.equal(result.said.split('\n').at(-1), `failed at fetch: ${reason}`)
  const shown = await verb(agent, 'status', '--json')
  assert.equal(shown.code, 1)
  const status = JSON.parse(shown.said)
  assert.deepEqual([status.fetch.ok, status.fetch.detail, status.fetch.nextInMs > 0], [false, reason, true])
  assert.deepEqual(
    status.lastPass.stages.map(({ stage, outcome, detail }: Record<string, unknown>) => [stage, outcome, detail]),
    [['fetch', 'failed', reason]],
  )
  assert.equal(
    status.headline.text,
    `the repository cannot be read: ${reason}; ${status.applied.release} goes on serving`,
  )
}

function template(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../templates', name), 'utf8')
}

/** Log lines of gates that the node's agents have closed. */
function gatesClosed(agent: LabAgent): string[] {
  const log = readFileSync(join(agent.directory, 'agent.log'), 'utf8')
  return log.split('\n').filter((line) => line.includes('"msg":"gate closed"'))
}
