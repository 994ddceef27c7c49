import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { inNamespace } from '../../src/drill/ip.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { exec, succeeded } from '../../src/exec.ts'
import { type Cluster, killAgent, liveFile, startCluster, statusOf, sync, verb } from '../support/cluster.ts'
import { assertDescribed } from '../support/json-schema.ts'
import { missingForDaemons } from '../support/requirements.ts'

/** What is printed on a node, held against the schema that the same program prints, closed: nothing may be undocumented. */
suite('what status --json prints is as its schema says', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let two: LabAgent
  let schemas: { status: object; cluster: object }
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
    two = cluster.two
    schemas = { status: await schemaOf('status'), cluster: await schemaOf('cluster') }
  })
  after(() => cluster?.close())

  const schemaOf = async (what: string): Promise<object> => {
    const program = join(cluster.lab.directory, 'bin', 'lb-agent')
    const printed = await exec(program, ['schema', '--of', what], { timeoutMs: 20_000 })
    return JSON.parse(printed.stdout.toString('utf8'))
  }
  const printed = async (agent: LabAgent, ...flags: string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await verb(agent, 'status', '--json', ...flags)).said)
  const areDescribed = async (what: string): Promise<void> => {
    for (const agent of cluster.agents) {
      if ((await agent.status()) === undefined) continue
      assertDescribed(await printed(agent), schemas.status, `status of ${agent.node} ${what}`)
      assertDescribed(await printed(agent, '--cluster'), schemas.cluster, `cluster by ${agent.node} ${what}`)
    }
  }

  test('while all is well, also over the network', async () => {
    await areDescribed('while all is well')
    const ask = "console.log(await (await fetch('http://10.9.0.1:9853/api/v1/status')).text())"
    const argv = [process.execPath, '--input-type=module', '-e', ask]
    const answer = await inNamespace(cluster.lab.network.namespace('.client'), argv)
    assertDescribed(JSON.parse(answer), schemas.status, '/api/v1/status')
  })

  test('the schema is held to: a field that it does not name, or one that is missing, is found', async () => {
    const status = await printed(one)
    const { gate, ...without } = status
    assert.throws(() => assertDescribed(without, schemas.status, 'status'), /gate/)
    assert.throws(() => assertDescribed({ ...status, more: 1 }, schemas.status, 'status'), /more/)
    const odd = { ...status, gate: { ...(gate as object), more: 1 } }
    assert.throws(() => assertDescribed(odd, schemas.status, 'status'), /more/)
  })

  test('also when the disk does not answer, or the file of what is applied is damaged', async () => {
    const file = join(one.directory, 'state', 'state.json')
    const before = await statusOf(one)
    const faces = async (): Promise<void> => {
      const status = await one.status()
      assert.deepEqual([status?.applied, status?.headline], [before.applied, before.headline])
      assert.match((await verb(one, 'why', 'v')).said, /^VIP v \(10\.9\.0\.100\) has been held by this node, one,/)
      const ask =
        "const answer = await fetch('http://10.9.0.1:9853/metrics'); console.log(answer.status, await answer.text())"
      const argv = [process.execPath, '--input-type=module', '-e', ask]
      assert.match(
        await inNamespace(cluster.lab.network.namespace('.client'), argv),
        /^200 [\s\S]*lb_agent_applied_info\{/,
      )
    }
    renameSync(file, `${file}.kept`)
    try {
      // Whoever opens it waits for ever, as on a disk that hangs.
      assert.ok(succeeded(await exec('mkfifo', [file], { timeoutMs: 5_000 })))
      await faces()
      rmSync(file)
      writeFileSync(file, '{"applied": nul')
      await faces()
    } finally {
      renameSync(`${file}.kept`, file)
    }
  })

  test('with a drain, a drift and a rejected revision', async () => {
    assert.equal((await verb(two, 'drain', '--for', '10m')).code, 0)
    appendFileSync(liveFile(one, 'haproxy'), '# by hand\n')
    cluster.repository.commit({ 'lb.yaml': 'version: 1\n' }, 'Break it')
    for (const agent of cluster.agents) assert.equal((await sync(agent)).code, 1)
    await until('the drift is seen', 10_000, async () => (await statusOf(one)).drift.files.length > 0)
    await areDescribed('with a drain, a drift and a rejected revision')
    const { rejected, lastPass } = await statusOf(two)
    assert.equal(rejected.length, 1)
    assert.equal(lastPass?.result.kind, 'rejected')
  })

  test('with a gate that is closed, and with a node that is silent', async () => {
    const { haproxy } = await statusOf(two)
    assert.ok(haproxy.state === 'running')
    process.kill(haproxy.pid, 'SIGSTOP')
    try {
      const isUnknown = async (): Promise<boolean> => {
        const status = await statusOf(two)
        return !status.gate.open && status.haproxy.state === 'UNKNOWN'
      }
      await until('the gate of two is closed', 10_000, isUnknown)
      await areDescribed('with a closed gate')
    } finally {
      process.kill(haproxy.pid, 'SIGCONT')
    }
    await killAgent(two)
    await areDescribed('with a silent node')
    const { nodes } = (await printed(one, '--cluster')) as { nodes: { kind: string }[] }
    assert.deepEqual(
      nodes.map(({ kind }) => kind),
      ['answers', 'silent'],
    )
  })

  test('before anything is applied', async () => {
    // Another agent in the same place, with nothing of its own yet and a repository that is not there.
    const directory = mkdtempSync(join(tmpdir(), 'lb-agent-report-'))
    writeFileSync(two.configFile, bareConfig(directory))
    try {
      two.start()
      const hasLooked = async (): Promise<boolean> => {
        const { code, said } = await verb(two, 'status', '--json')
        return code === 1 && JSON.parse(said).fetch !== null
      }
      await until('it has looked', 15_000, hasLooked)
      const status = await printed(two)
      assert.equal(status['applied'], null)
      assertDescribed(status, schemas.status, 'status before anything is applied')
      assertDescribed(await printed(two, '--cluster'), schemas.cluster, 'cluster before anything is applied')
    } finally {
      await two.end('SIGTERM')
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

function bareConfig(directory: string): string {
  return `node: two
repository: { url: "${directory}/not-there" }
supervisor: embedded
http: { listen: "0.0.0.0:9853" }
paths:
  state: ${directory}/state
  runtime: ${directory}/run
  haproxyConfig: ${directory}/haproxy.cfg
  keepalivedConfig: ${directory}/keepalived.conf
`
}
