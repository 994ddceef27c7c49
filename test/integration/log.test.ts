import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace } from '../../src/drill/ip.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { type Cluster, killAgent, settled, specText, startCluster, statusOf, sync, verb } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

const SETTINGS = 'apply: { confirmWindow: 400ms, reloadTimeout: 6s }\n'
const QUIET_MS = 20_000
const PROGRAM = join(import.meta.dirname, '../../dist/lb-agent')
/** Raw, escaped in JSON, or what is left of one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\\u00|\[31m/

suite('the log of an agent', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let two: LabAgent
  let directory: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-log-'))
    mkdirSync(join(directory, 'hooks'), { mode: 0o755 })
    writeFileSync(join(directory, 'token'), 'Bearer sesame-open\n')
    // Nobody listens there: the token is read, and nothing comes of it.
    const webhook = `{ url: "http://127.0.0.1:9/hooks/T0/sesame-path", headers: { Authorization: { file: ${directory}/token } }, on: [rejected], retries: 0 }`
    cluster = await startCluster(`${SETTINGS}hooks: { directory: ${directory}/hooks }\nwebhooks: [${webhook}]\n`)
    one = cluster.one
    two = cluster.two
    for (const agent of cluster.agents) {
      const settings = readFileSync(agent.configFile, 'utf8')
      writeFileSync(agent.configFile, settings.replace('every: 30s', 'every: 1s'))
      await restart(agent)
    }
    await settled(cluster)
    // What a restart has to tell is told.
    await sleep(3_000)
  })
  after(async () => {
    await cluster?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  test('a quiet day is a quiet log: a healthy cluster that looks each second writes nothing', async () => {
    const marks = cluster.agents.map((agent) => ({ agent, mark: logSize(agent) }))
    const before = (await statusOf(one)).fetch?.okAtMs
    await sleep(QUIET_MS)
    const fetched = (await statusOf(one)).fetch?.okAtMs
    assert.ok(fetched != null && before != null && fetched - before > QUIET_MS / 2, 'it did not look at the repository')
    for (const { agent, mark } of marks) assert.equal(logSince(agent, mark), '')
  })

  test('a repository that cannot be read takes one line, and that it can be read again one more', async () => {
    const mark = logSize(one)
    const show = cluster.repository.hide()
    const failing = async (): Promise<boolean> => (await statusOf(one)).fetch?.ok === false
    await until('it cannot be read', 10_000, failing)
    // The pauses are up to 1, 2 and 4 s long.
    await sleep(10_000)
    show()
    await until('it can be read again', 40_000, async () => !(await failing()))
    const [broken, mended, ...more] = records(logSince(one, mark))
    assert.deepEqual(
      [broken?.['level'], broken?.['msg'], broken?.['about']],
      ['warn', 'the repository cannot be read', 'repository'],
    )
    assert.deepEqual(
      [mended?.['level'], mended?.['msg'], mended?.['about']],
      ['info', 'the repository can be read again', 'repository'],
    )
    assert.ok(Number(mended?.['leftOut']) >= 1, JSON.stringify(mended))
    assert.deepEqual(more, [])
  })

  test('words of a commit, of HAProxy and of hooks come out as text, without secrets, on every face', async () => {
    const mark = logSize(one)
    const path = '/hooks/T0/sesame-path'
    writeHook('backup', `printf '\\033[31mred\\033[0m\\302\\205%s %s\\n' "$(cat ${directory}/token)" ${path}`)
    writeHook('master', `set -x\nprintf '\\033]0;title\\007%s\\n' "$(cat ${directory}/token)" ${path} >&2\nexit 3`)
    assert.equal((await verb(one, 'drain')).code, 0)
    await until('the hook is told', 10_000, async () => logSince(one, mark).includes('"msg":"hook ended"'))
    const ended = records(logSince(one, mark)).find(({ msg }) => msg === 'hook ended')
    assert.deepEqual(ended?.['output'], ['red … …'])
    assert.equal((await verb(one, 'undrain')).code, 0)
    await until('the other hook fails', 20_000, async () => logSince(one, mark).includes('"msg":"hook failed"'))

    // HAProxy prints a keyword that it does not know as it stands there.
    const odd = `${template('haproxy.cfg.j2')}\nfrontend odd\n  bl\u001b[31mance\u202e=https://ada:hunter2@git.lan/x\n`
    cluster.repository.commit({ 'templates/haproxy.cfg.j2': odd }, 'Odd \u001b[2J words of ghp_hunter2hunter2')
    const refusal = "unknown keyword 'blance=https://…@git.lan/x'"
    assert.ok((await sync(one)).said.includes(refusal))
    await until('it is told', 20_000, async () => logSince(one, mark).includes('"msg":"revision rejected"'))
    const rejected = records(logSince(one, mark)).find(({ msg }) => msg === 'revision rejected')
    assert.ok(String(rejected?.['reason']).includes(refusal), String(rejected?.['reason']))

    const hookFails = /: exit code 3: \+ cat \S+\/token \| \+ printf .+; the VIP does not depend on it/
    const faces = await everyFace(one)
    for (const [face, text] of Object.entries(faces)) {
      assert.doesNotMatch(text, CONTROLS, face)
      assert.doesNotMatch(text, /sesame|hunter2/, face)
    }
    for (const face of ['status', 'status --json', 'API', 'page', 'why', 'state.json', 'timeline.jsonl'] as const)
      assert.ok(faces[face].includes(refusal), `${face}: ${faces[face]}`)
    for (const face of ['status', 'status --json', 'API', 'page'] as const) assert.match(faces[face], hookFails, face)

    const [validated, planned] = await beforeItIsPushed(odd)
    assert.ok(validated.includes(refusal), validated)
    assert.doesNotMatch(validated, CONTROLS)
    // So does the diff of the files, but for what is secret.
    assert.match(planned, /^\+ {2}blance=https:\/\/…@git\.lan\/x$/m)
    assert.doesNotMatch(planned, CONTROLS)

    cluster.repository.commit({ 'templates/haproxy.cfg.j2': null }, 'Take it back')
    for (const name of ['backup', 'master']) rmSync(join(directory, 'hooks', name))
    // The webhook is a trouble until it is tried again.
    for (const agent of cluster.agents) await restart(agent)
    await settled(cluster)
  })

  /** All that anybody sees of an agent, or will see of it: what it keeps on its disk is shown after its restart. */
  const everyFace = async (agent: LabAgent) => {
    const fetched = (path: string): Promise<string> =>
      inNamespace(cluster.lab.network.namespace('.client'), [
        ...[process.execPath, '--input-type=module', '-e'],
        `const answer = await fetch('http://${agent.node === 'one' ? '10.9.0.1' : '10.9.0.2'}:9853${path}')
         const isStream = answer.headers.get('content-type') === 'text/event-stream'
         let text = ''
         for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
           text += part
           // The stream goes on: its first event is all of the page.
           if (isStream && text.endsWith('\\n\\n')) break
         }
         process.stdout.write(text, () => process.exit())`,
      ])
    const file = (...parts: string[]): string => readFileSync(join(agent.directory, ...parts), 'utf8')
    return {
      status: (await verb(agent, 'status')).said,
      'status --json': (await verb(agent, 'status', '--json')).said,
      'status --cluster': (await verb(agent, 'status', '--cluster')).said,
      why: (await verb(agent, 'why', 'v', '--all')).said,
      API: await fetched('/api/v1/status'),
      metrics: await fetched('/metrics'),
      page: await fetched('/api/v1/events'),
      'state.json': file('state', 'state.json'),
      'timeline.jsonl': file('state', 'timeline.jsonl'),
      log: file('agent.log'),
    }
  }
  /** What `validate` and `plan` print of that template. */
  const beforeItIsPushed = async (haproxyTemplate: string): Promise<[string, string]> => {
    const desired = join(directory, 'desired')
    mkdirSync(join(desired, 'templates'), { recursive: true })
    writeFileSync(join(desired, 'lb.yaml'), specText())
    writeFileSync(join(desired, 'templates', 'haproxy.cfg.j2'), haproxyTemplate)
    const before = join(directory, 'before')
    mkdirSync(before, { recursive: true })
    for (const name of ['haproxy.cfg', 'keepalived.conf']) writeFileSync(join(before, name), '# nothing yet\n')
    const said = async (...args: string[]): Promise<string> =>
      (await exec(PROGRAM, args, { timeoutMs: 30_000 })).stdout.toString('utf8')
    return [await said('validate', desired), await said('plan', desired, '--node', 'one', '--from', before)]
  }
  const writeHook = (name: string, body: string): void => {
    const hook = join(directory, 'hooks', name)
    writeFileSync(hook, `#!/bin/sh\n${body}\n`)
    chmodSync(hook, 0o755)
  }

  test('with LB_AGENT_LOG=pretty the agent itself writes lines for people', async () => {
    const mark = logSize(two)
    await restart(two, { LB_AGENT_LOG: 'pretty' })
    await until('it is told', 10_000, async () => logSince(two, mark).includes('lb-agent started'))
    assert.match(
      logSince(two, mark),
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO(?: \(\d+\))?: lb-agent started \{"node":"two"/m,
    )
    await two.end('SIGTERM')
    assert.match(logSince(two, mark), /INFO: lb-agent ended; haproxy and keepalived go on\n$/)
  })

  test('an agent that ends by a mistake of its own says so in the log, as clean as everything else', async () => {
    const mark = logSize(two)
    const mistake = "throw new Error('odd %1b[31mred https://ada:hunter2@git.lan/x')"
    two.start({ NODE_OPTIONS: `--import "data:text/javascript,setTimeout(()=>{${mistake}},3000)"` })
    await until('it has ended', 20_000, async () => logSince(two, mark).includes('lb-agent: odd'))
    const lines = logSince(two, mark).trim().split('\n')
    assert.equal(lines.at(-1), 'lb-agent: odd red https://…@git.lan/x; haproxy and keepalived go on')
    const { level, msg, err } = JSON.parse(lines.at(-2) ?? '')
    assert.deepEqual(
      { level, msg, message: err.message },
      {
        level: 'fatal',
        msg: 'lb-agent cannot go on; haproxy and keepalived do',
        message: 'odd red https://…@git.lan/x',
      },
    )
  })

  test('an agent with a wrong setting of its log says so and does not start', async () => {
    const mark = logSize(two)
    two.start({ LB_AGENT_LOG: 'prety' })
    await until('it is told', 10_000, async () => logSince(two, mark).includes('\n'))
    assert.equal(
      logSince(two, mark),
      'lb-agent: LB_AGENT_LOG is "prety"; it is one of json, pretty. Nothing was started\n',
    )
    two.start()
    await settled(cluster)
  })
})

async function restart(agent: LabAgent, env: Record<string, string> = {}): Promise<void> {
  await killAgent(agent, 'SIGTERM')
  agent.start(env)
  await statusOf(agent)
}

function logSize(agent: LabAgent): number {
  return statSync(join(agent.directory, 'agent.log')).size
}

function logSince(agent: LabAgent, mark: number): string {
  return readFileSync(join(agent.directory, 'agent.log')).subarray(mark).toString('utf8')
}

function records(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function template(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../templates', name), 'utf8')
}
