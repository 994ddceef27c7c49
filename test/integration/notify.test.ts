import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { type Child, startChild } from '../../src/drill/child.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { killWithChildren } from '../../src/processes.ts'
import type { VrrpChange, VrrpState } from '../../src/timeline/event.ts'
import type { Why } from '../../src/timeline/tell.ts'
import { type Cluster, killAgent, settled, startCluster, statusOf, sync, VIP, verb } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'
import type { Received } from '../support/webhook-server.ts'

const PORTS = { good: 9901, never: 9902, retry: 9903 } as const

suite('events of a VIP', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let two: LabAgent
  let directory: string
  let servers: Child[]
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-notify-'))
    mkdirSync(join(directory, 'hooks'))
    writeFileSync(join(directory, 'token'), 'Bearer hunter2\n')
    cluster = await startCluster(`${SETTINGS}hooks: { directory: ${directory}/hooks, timeout: 3s }\n`)
    one = cluster.one
    two = cluster.two
    servers = cluster.agents.map(({ node }) => {
      const options = JSON.stringify({ file: received(node), ports: PORTS })
      const argv = [process.execPath, join(import.meta.dirname, '../support/webhook-server.ts'), options]
      return startChild(cluster.lab.network.namespace(node), argv, join(directory, 'server.log'))
    })
    for (const server of servers) assert.equal(await server.nextLine(), 'ready')
    for (const agent of cluster.agents) {
      writeFileSync(received(agent.node), '')
      appendFileSync(agent.configFile, webhooks(directory))
      await killAgent(agent)
      agent.start()
    }
    await settled(cluster)
  })
  after(async () => {
    await Promise.all((servers ?? []).map((server) => server.close()))
    await cluster?.close()
    rmSync(directory, { recursive: true, force: true })
  })
  // Also after one that has failed: the next one begins without its hooks.
  afterEach(() => {
    rmSync(join(directory, 'hooks'), { recursive: true, force: true })
    mkdirSync(join(directory, 'hooks'), { mode: 0o755 })
  })
  const received = (node: string): string => join(directory, `received-${node}.jsonl`)
  const posts = (node: string, port: number): Received[] =>
    linesOf<Received>(received(node)).filter((post) => post.port === port)
  const hook = (name: string, script: string, mode = 0o755): void => {
    const file = join(directory, 'hooks', name)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, mode)
  }
  /**
   * HAProxy of node one dies, the VIP moves to two and comes back. Not before both have recovered from what was before: a
   * node that is still held back changes its score once it has the VIP, in the middle of the story.
   */
  const moveThereAndBack = async (): Promise<void> => {
    await until('no node is held back', 15_000, async () => {
      const scores = await Promise.all(cluster.agents.map(async (agent) => (await statusOf(agent)).vips[0]?.score))
      return scores.join() === '100,100'
    })
    killWithChildren(one.pidOf('haproxy'))
    await until('two holds the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'two')
    await until('one holds the VIP', 20_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'one')
    await until('both say so', 5_000, async () => {
      const states = await Promise.all(cluster.agents.map(async (agent) => (await statusOf(agent)).vips[0]?.state))
      return states.join() === 'MASTER,BACKUP'
    })
  }

  test('why names the check on the node that lost a VIP, and on the other one how it came by it', async () => {
    await moveThereAndBack()
    const lost = await verb(one, 'why', 'v')
    assert.equal(lost.code, 0)
    const [headline = '', , ...story] = lost.said.split('\n')
    assert.match(
      headline,
      /^VIP v \(10\.9\.0\.100\) has been held by this node, one, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(/,
    )
    assert.match(
      story.find((line) => line.includes('MASTER -> FAULT')) ?? lost.said,
      /^\S+ \S+ {2}MASTER -> FAULT: gave it up, held it for .+: gate closed: HAProxy /,
    )
    assert.match(
      story.findLast((line) => line.includes('-> BACKUP')) ?? lost.said,
      /FAULT -> BACKUP: stands by: gate opened: /,
    )
    assert.match(
      story.at(-1) ?? lost.said,
      /BACKUP -> MASTER: took it: score 64 -> 100: .+; two has the lower priority \(253\)$/,
    )
    assert.ok(
      story.some((line) => line.includes('haproxy died: ')),
      lost.said,
    )

    const won = await verb(two, 'why', 'v', '--last', '2')
    const [where = '', , took = '', gave = ''] = won.said.split('\n')
    assert.match(
      where,
      /^VIP v \(10\.9\.0\.100\) is not held by this node: two has been BACKUP since .+; it went to one$/,
    )
    assert.match(took, /BACKUP -> MASTER: took it: its holder gave it up \(priority 0\)$/)
    assert.match(gave, /MASTER -> BACKUP: gave it up, held it for .+: one has the higher priority \(254 against 253\)$/)
  })

  test('why names the commits, and the known VIPs when asked for another', async () => {
    const all = await verb(one, 'why', 'v', '--all')
    assert.match(
      all.said,
      /commit [0-9a-f]{12} "Describe the cluster" by Ada <ada@example\.net> applied as release [0-9a-f]{12}-[0-9a-f]{8}/,
    )
    assert.match(all.said, /lb-agent \S+ started/)
    const unknown = await verb(one, 'why', 'w')
    assert.equal(unknown.code, 1)
    assert.equal(unknown.said, 'lb-agent: the agent could not do it: this node has no VIP "w"; it knows v')
  })

  test('a webhook gets exactly one document per move, another one its retry, and one that never answers is named', async () => {
    for (const { node } of cluster.agents) writeFileSync(received(node), '')
    await moveThereAndBack()
    await until('all is told', 15_000, async () =>
      ['one', 'two'].every((node) => posts(node, PORTS.retry).filter(({ status }) => status === 200).length === 2),
    )
    assert.deepEqual(
      posts('one', PORTS.good).map(({ body }) => [body['event'], body['node'], body['vip'], body['from'], body['to']]),
      [
        ['move', 'one', 'v', 'MASTER', 'FAULT'],
        ['move', 'one', 'v', 'BACKUP', 'MASTER'],
      ],
    )
    const [told] = posts('two', PORTS.good)
    assert.deepEqual(
      { ...told?.body, id: typeof told?.body['id'], atMs: typeof told?.body['atMs'] },
      {
        ...{ id: 'string', event: 'move', node: 'two', cluster: 'test', vip: 'v', address: VIP, atMs: 'number' },
        ...{ from: 'BACKUP', to: 'MASTER', priority: 253, reason: 'its holder gave it up (priority 0)' },
        revision: (await statusOf(two)).applied?.revision,
      },
    )
    assert.equal(told?.headers['authorization'], 'Bearer hunter2')
    assert.equal(told?.headers['content-type'], 'application/json')
    // Each document is refused once, then taken, under the same id.
    const retried = posts('one', PORTS.retry)
    assert.deepEqual(
      retried.map(({ status }) => status),
      [500, 200, 500, 200],
    )
    assert.equal(retried[0]?.body['id'], retried[1]?.body['id'])
    const { troubles, headline } = await statusOf(one)
    assert.deepEqual(
      troubles.map(({ key }) => key),
      ['webhook 2'],
    )
    assert.match(
      headline.text,
      /^webhook 2 \(http:\/\/127\.0\.0\.1:9902\/…\) does not take v \w+ -> \w+: no answer within 300 ms; VIPs do not depend on it$/,
    )
    const log = readFileSync(join(one.directory, 'agent.log'), 'utf8')
    assert.ok(!log.includes('hunter2') && !log.includes('sesame'), 'a secret is in the log')
  })

  test('a rejected revision is told once, with its reason', async () => {
    const broken = cluster.repository.commit({ 'lb.yaml': 'version: 1\n' }, 'Break it')
    for (const { node } of cluster.agents) writeFileSync(received(node), '')
    assert.equal((await sync(one)).code, 1)
    assert.equal((await sync(one)).code, 1)
    await until('it is told', 5_000, async () => posts('one', PORTS.good).length > 0)
    const told = posts('one', PORTS.good)
    assert.equal(told.length, 1)
    const { event, revision, subject, stage, result } = told[0]?.body ?? {}
    assert.deepEqual(
      { event, revision, subject, stage, result },
      {
        ...{ event: 'rejected', revision: broken, subject: 'Break it', stage: 'parse', result: 'rejected' },
      },
    )
    const { said } = await verb(one, 'why', 'v', '--last', '1')
    assert.match(
      said.split('\n').at(-1) ?? '',
      new RegExp(`commit ${broken.slice(0, 12)} "Break it" by Ada <ada@example.net> rejected at parse: `),
    )
  })

  test('hooks run in order, with what they need to know and nothing else', async () => {
    // Only what the shell does itself: on a busy machine each program that it starts may take a part of the hook's deadline.
    const record = `echo "$0|$LB_AGENT_VIP|$LB_AGENT_ADDRESS|$LB_AGENT_PREVIOUS_STATE|$LB_AGENT_STATE|$LB_AGENT_PRIORITY|$LB_AGENT_REASON|"$(export -p) >>${directory}/hooks-$LB_AGENT_NODE`
    for (const name of ['master/10-first', 'master/20-second', 'backup/record', 'fault']) hook(name, record)
    hook('master/not-executable', record, 0o644)
    const earlier = (await movesOf(one)).length
    await moveThereAndBack()
    // A keepalived that gets no time may move more often than it should: each move has its hooks, whichever they were.
    let ran: string[] = []
    let wanted: string[] = []
    await until('all hooks ran', 10_000, async () => {
      ran = linesIn(join(directory, 'hooks-one'))
      const moves = (await movesOf(one)).slice(earlier)
      wanted = moves.flatMap(({ from, to }) => HOOKS_OF[to].map((name) => `${name} ${from} ${to}`))
      return wanted.length >= 4 && ran.length >= wanted.length
    }).catch(async (error: Error) => {
      const troubles = hookTroubles(await statusOf(one))
      assert.fail(`${error.message}; wanted ${wanted.join(', ')}; ran:\n${[...ran, ...troubles].join('\n')}`)
    })
    const names = ran.map((line) => {
      const [file = '', , , from, to] = line.split('|')
      return `${file.slice(join(directory, 'hooks/').length)} ${from} ${to}`
    })
    assert.deepEqual(names, wanted)
    const lineOf = (name: string): string => ran.find((line) => line.includes(`/hooks/${name}|`)) ?? ''
    const fault = lineOf('fault')
    assert.match(fault, /\/hooks\/fault\|v\|10\.9\.0\.100\|MASTER\|FAULT\|254\|gate closed: HAProxy /)
    assert.match(lineOf('backup/record'), /\|v\|10\.9\.0\.100\|FAULT\|BACKUP\|218\|gate opened: /)
    const master = ran.findLast((line) => line.includes('/hooks/master/10-first|')) ?? ''
    assert.match(master, /\|v\|10\.9\.0\.100\|BACKUP\|MASTER\|254\|score 64 -> 100/)
    const known = 'ADDRESS NODE PREVIOUS_STATE PRIORITY REASON STATE VIP'.split(' ').map((name) => `LB_AGENT_${name}`)
    const given = [...fault.matchAll(/export (\w+)=/g)].map(([, name]) => name)
    assert.deepEqual(given.sort(), [...known, 'LC_ALL', 'PATH', 'PWD'])
  })

  test('a hook that hangs and one that floods move no VIP, and status names both', async () => {
    hook('fault/hangs', 'setsid sleep 8 &\nsleep 600')
    hook('backup/floods', 'yes')
    await moveThereAndBack()
    await until('both are named', 10_000, async () => hookTroubles(await statusOf(one)).length === 2)
    assert.deepEqual(hookTroubles(await statusOf(one)), [
      `hook ${directory}/hooks/fault/hangs for v FAULT: no end within 3000 ms; the VIP does not depend on it`,
      `hook ${directory}/hooks/backup/floods for v BACKUP: more than 65536 bytes of output; the VIP does not depend on it`,
    ])
    assert.match(
      (await verb(one, 'status')).said,
      /▲ for \S+ \S+: hook \S+\/fault\/hangs for v FAULT: no end within 3000 ms;/,
    )
    assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
    // The VIP was taken although the hooks of an earlier state had not ended.
    hook('fault/hangs', 'true')
    hook('backup/floods', 'true')
    await moveThereAndBack()
    await until('both are forgotten', 10_000, async () => hookTroubles(await statusOf(one)).length === 0)
  })

  test('hooks that anybody could have written are not run', async () => {
    hook('fault/open', `touch ${directory}/was-run`, 0o777)
    await moveThereAndBack()
    await until('it is named', 5_000, async () => hookTroubles(await statusOf(one)).length === 1)
    const file = `${directory}/hooks/fault/open`
    assert.deepEqual(hookTroubles(await statusOf(one)), [
      `not run: ${file} can be written by everybody (chmod o-w ${file})`,
    ])
    assert.throws(() => readFileSync(`${directory}/was-run`))
  })

  test('an agent that is killed and started again tells no move twice', async () => {
    const before = await whyOf(one)
    for (const { node } of cluster.agents) writeFileSync(received(node), '')
    await killAgent(one)
    one.start()
    await until('the agent is back', 15_000, async () => (await one.status())?.gate.open === true)
    const now = await whyOf(one)
    assert.deepEqual(
      now.events.filter(({ kind }) => kind === 'vrrp'),
      before.events.filter(({ kind }) => kind === 'vrrp'),
    )
    assert.equal(now.sinceMs, before.sinceMs)
    assert.deepEqual(posts('one', PORTS.good), [])
  })

  test('what happened while no agent ran is told by the next one, which says so', async () => {
    await killAgent(one)
    killWithChildren(one.pidOf('haproxy'))
    await until('two holds the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'two')
    one.start()
    await until('one holds the VIP', 20_000, async () => (await statusOf(one)).vips[0]?.state === 'MASTER')
    const lost = (await whyOf(one)).events.findLast((event) => event.kind === 'vrrp' && event.to === 'FAULT')
    assert.match(
      lost?.kind === 'vrrp' ? lost.reason : '',
      /^keepalived’s own check haproxy_serves .+; it happened while no agent ran, the time is when it was read$/,
    )
  })

  test('a keepalived that is killed is told as a move with its reason', async () => {
    const pid = one.pidOf('keepalived')
    killWithChildren(pid)
    await until('one holds the VIP again', 15_000, async () => {
      const status = await one.status()
      return (
        status?.vips[0]?.state === 'MASTER' && status.keepalived.state === 'running' && status.keepalived.pid !== pid
      )
    })
    const [back, took] = (await movesOf(one)).slice(-2)
    assert.deepEqual([back?.from, back?.to], ['MASTER', 'BACKUP'])
    assert.match(back?.reason ?? '', /^keepalived died: ended/)
    assert.deepEqual([took?.from, took?.to], ['BACKUP', 'MASTER'])
  })
})

/** What the hooks test puts there, in the order in which they run. */
const HOOKS_OF = {
  ...{ MASTER: ['master/10-first', 'master/20-second'], BACKUP: ['backup/record'] },
  ...{ FAULT: ['fault'], UNKNOWN: [] },
} satisfies Record<VrrpState, string[]>

const SETTINGS = 'apply: { confirmWindow: 400ms, reloadTimeout: 6s }\n'

function webhooks(directory: string): string {
  const webhook = (port: number, path = ''): string =>
    `  - { url: "http://127.0.0.1:${port}${path}", headers: { Authorization: { file: ${directory}/token } }, timeout: 300ms, retries: 1 }\n`
  return `webhooks:\n${webhook(PORTS.good)}${webhook(PORTS.never, '/sesame?open=sesame')}${webhook(PORTS.retry)}`
}

function hookTroubles({ troubles }: Awaited<ReturnType<typeof statusOf>>): string[] {
  return troubles.filter(({ key }) => key.startsWith('hook')).map(({ text }) => text)
}

async function whyOf(agent: LabAgent): Promise<Why> {
  const answer = await verb(agent, 'why', 'v', '--all', '--json')
  assert.equal(answer.code, 0, answer.said)
  return JSON.parse(answer.said) as Why
}

/** State changes of the VIP that a node tells, oldest first. */
async function movesOf(agent: LabAgent): Promise<VrrpChange[]> {
  return (await whyOf(agent)).events.flatMap((event) => (event.kind === 'vrrp' ? [event] : []))
}

function linesIn(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}

function linesOf<T>(file: string): T[] {
  return linesIn(file).map((line) => JSON.parse(line) as T)
}
