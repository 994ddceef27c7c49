import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, startChild } from '../../src/drill/child.ts'
import { inNamespace } from '../../src/drill/ip.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { type Cluster, seenByClient, settled, specText, startCluster, sync, VIP, verb } from '../support/cluster.ts'
import { commandsOf, STRICT } from '../support/firewall.ts'
import { missingForDaemons, missingPrograms } from '../support/requirements.ts'

const SCRAPER = '10.9.0.50'
const STRANGER = '10.9.0.66'

/** A keepalived that claims the VIP of the cluster, with the priority that no other can have (RFC 5798 §6.1). */
const FORGED = `global_defs {
    router_id stranger
    vrrp_version 3
}
vrrp_instance v {
    state BACKUP
    interface eth0
    virtual_router_id 7
    priority 255
    advert_int 0.1
    virtual_ipaddress {
        ${VIP}/32 dev eth0
    }
}
`

suite('the firewall', { skip: missingForDaemons() || missingPrograms('nft'), timeout: 240_000 }, () => {
  let cluster: Cluster
  let text = specText()
  before(async () => {
    cluster = await startCluster()
    for (const [name, address] of [
      ['scraper', SCRAPER],
      ['stranger', STRANGER],
    ] as const)
      await cluster.lab.network.add({ name, addresses: [address], interface: 'eth0' })
  })
  after(() => cluster.close())

  const within = (host: string, ...argv: readonly string[]): Promise<string> =>
    inNamespace(cluster.lab.network.namespace(host), argv, 20_000)
  const holders = async (): Promise<string> => (await cluster.lab.holdersOf(VIP)).join()
  const ruleset = (node: string): Promise<string> => within(node, 'nft', 'list', 'ruleset')

  /** Prints the file of a node, and loads it as it says. */
  const load = async (agent: LabAgent, ...options: readonly string[]): Promise<void> => {
    const lbYaml = join(agent.directory, 'lb.yaml')
    writeFileSync(lbYaml, text)
    const { code, said } = await verb(agent, 'firewall', lbYaml, '--scraper', SCRAPER, ...options)
    assert.equal(code, 0, said)
    const file = join(agent.directory, 'lb-agent.nft')
    writeFileSync(file, `${said}\n`)
    await within(agent.node, 'nft', '-c', '-f', file)
    await within(agent.node, 'bash', '-euo', 'pipefail', '-c', commandsOf(said, file).load)
  }
  const loadAll = async (...options: readonly string[]): Promise<void> => {
    for (const agent of cluster.agents) await load(agent, ...options)
  }
  const flush = async (): Promise<void> => {
    for (const { node } of cluster.agents) await within(node, 'nft', 'flush', 'ruleset')
  }
  const connects = async (from: string, address: string, port: number): Promise<boolean> => {
    const namespace = cluster.lab.network.namespace(from)
    const argv = ['netns', 'exec', namespace, 'timeout', '2', 'bash', '-c', `: < /dev/tcp/${address}/${port}`]
    const result = await exec('ip', argv, { timeoutMs: 10_000 })
    return result.kind === 'exited' && result.code === 0
  }
  /** What `from` sends to the VIP goes to `node` from now on, whatever ARP says. */
  const sendsVipTo = async (from: string, node: string): Promise<void> => {
    const [{ address: card }] = JSON.parse(await within(node, 'ip', '-j', 'link', 'show', 'eth0'))
    await within(from, 'ip', 'neighbour', 'replace', VIP, 'lladdr', card, 'nud', 'permanent', 'dev', 'eth0')
  }
  const firewallOf = async (agent: LabAgent): Promise<unknown> => {
    const { checks } = JSON.parse((await verb(agent, 'doctor', '--json')).said) as {
      checks: { about: string; verdict: string; why: string }[]
    }
    const check = checks.find(({ about }) => about === 'firewall')
    return { verdict: check?.verdict, why: check?.why }
  }
  const LET_THROUGH = { verdict: 'ok', why: 'No rule drops VRRP (protocol 112), in or out.' }

  suite('on strict hosts', () => {
    before(async () => {
      const file = join(cluster.lab.directory, 'strict.nft')
      writeFileSync(file, STRICT)
      for (const { node } of cluster.agents) await within(node, 'nft', '-f', file)
    })
    after(flush)

    test('without the rules each node takes the VIP, and no client is served', async () => {
      await until('both nodes hold the VIP', 30_000, async () => (await holders()) === 'one,two')
      await cluster.client.mark()
      await sleep(1_000)
      const { sent, failed } = await seenByClient(cluster.client)
      assert.equal(failed, sent)
    })

    test('with them one node holds the VIP, all are well, and clients are served', async () => {
      await loadAll('--into', 'inet filter input', '--into-output', 'inet filter output')
      await settled(cluster)
      for (const agent of cluster.agents)
        await until(`${agent.node} is answered by the other agent`, 30_000, async () => {
          const status = await agent.status()
          return status?.peers.every(({ up }) => up === true) === true
        })
      await until('no request of a client fails for a second', 30_000, async () => {
        await cluster.client.mark()
        await sleep(1_000)
        const { sent, failed } = await seenByClient(cluster.client)
        return sent > 20 && failed === 0
      })
      assert.equal(await holders(), 'one')
      for (const agent of cluster.agents) assert.deepEqual(await firewallOf(agent), LET_THROUGH)
    })

    test('the agent answers a scraper and the other node, and no stranger', async () => {
      for (const [from, answered] of [
        ['scraper', true],
        ['two', true],
        ['stranger', false],
        ['.client', false],
      ] as const)
        assert.equal(await connects(from, '10.9.0.1', 9853), answered, from)
    })

    test('the port of a service is open at the VIP, and closed at the address of the node', async () => {
      const argv = [
        process.execPath,
        '-e',
        "require('net').createServer().listen(80, '10.9.0.1', () => console.log(1))",
      ]
      const program = startChild(cluster.lab.network.namespace('one'), argv, join(cluster.lab.directory, 'program.log'))
      try {
        await program.nextLine()
        assert.equal(await connects('one', '10.9.0.1', 80), true)
        assert.equal(await connects('.client', '10.9.0.1', 80), false)
        assert.equal(await connects('.client', VIP, 80), true)
      } finally {
        await program.close()
      }
    })

    test('a client that has not heard of a move is answered by the node that has not the VIP', async () => {
      await sendsVipTo('stranger', 'two')
      assert.equal(await holders(), 'one')
      assert.equal(await connects('stranger', VIP, 80), true)
      await within('two', 'nft', 'flush', 'chain', 'inet', 'filter', 'lb_agent')
      assert.equal(await connects('stranger', VIP, 80), false)
      await within('stranger', 'ip', 'neighbour', 'delete', VIP, 'dev', 'eth0')
    })
  })

  suite('as a table of its own', () => {
    let stranger: Child | undefined
    before(async () => {
      // keepalived itself takes unicast from its peers only; by multicast it believes everybody.
      text = specText().replace('vrrp: {', 'vrrp: { transport: multicast,')
      cluster.repository.commit({ 'lb.yaml': text }, 'By multicast')
      for (const result of await Promise.all(cluster.agents.map((agent) => sync(agent))))
        assert.equal(result.code, 0, result.said)
      await settled(cluster)
    })
    after(async () => {
      await stranger?.close()
      await flush()
    })

    test('a stranger with a higher priority takes the VIP away where nothing keeps it out', async () => {
      const { directory } = cluster.lab
      const file = join(directory, 'stranger.conf')
      writeFileSync(file, FORGED)
      const pids = ['pid', 'vrrp_pid', 'checkers_pid'].map((name) => `--${name}=${join(directory, `stranger.${name}`)}`)
      const argv = ['keepalived', '--dont-fork', '--log-console', `--use-file=${file}`, ...pids]
      stranger = startChild(cluster.lab.network.namespace('stranger'), argv, join(directory, 'stranger.log'))
      await until('no node holds the VIP', 30_000, async () => (await holders()) === '')
    })

    test('with the table its adverts are dropped: the VIP comes back, and stays', async () => {
      await loadAll()
      await settled(cluster)
      for (const agent of cluster.agents) assert.deepEqual(await firewallOf(agent), LET_THROUGH)
      const endsAt = performance.now() + 3_000
      while (performance.now() < endsAt) assert.equal(await holders(), 'one')
    })

    test('loaded once more it is the same, and no VIP moves', async () => {
      const before = await ruleset('one')
      await loadAll()
      assert.equal(await ruleset('one'), before)
      await sleep(1_000)
      assert.equal(await holders(), 'one')
    })

    test('the agent answers the scraper, the other node and its own, and no stranger; services stay open', async () => {
      for (const [from, answered] of [
        ['scraper', true],
        ['one', true],
        ['two', true],
        ['stranger', false],
      ] as const)
        assert.equal(await connects(from, '10.9.0.1', 9853), answered, from)
      // The stranger has announced the VIP as its own, and a firewall of IP does not see ARP.
      await sendsVipTo('scraper', 'one')
      assert.equal(await connects('scraper', VIP, 80), true)
    })
  })
})
