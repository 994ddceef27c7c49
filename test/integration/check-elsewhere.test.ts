import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { followHolders, type Holders } from '../../src/drill/holders.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { createNetwork, type Network } from '../../src/drill/network.ts'
import { CLEAN_ENV } from '../../src/exec.ts'
import { readHaproxyConfig } from '../../src/haproxy-config/read-haproxy-config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import { proveFiles } from '../../src/rules/prove.ts'
import { missingForDaemons } from '../support/requirements.ts'

const VIP = '10.17.3.30'
const NODES = [
  { name: 'a', address: '10.17.3.20', peer: '10.17.3.21', priority: 110 },
  { name: 'b', address: '10.17.3.21', peer: '10.17.3.20', priority: 100 },
] as const
const ELECTIONS_MS = 3_000
type Node = (typeof NODES)[number]

type Case = {
  name: string
  weight: number
  binds: readonly [a: string, b: string]
  asks: string
  holder: string | undefined
}
const ASKS = 'http://127.0.0.1:8404/alive'
const CASES: readonly Case[] = [
  { name: 'fault', weight: 0, binds: ['10.17.3.20:8404', '10.17.3.21:8404'], asks: ASKS, holder: undefined },
  { name: 'minus', weight: -20, binds: ['10.17.3.20:8404', '10.17.3.21:8404'], asks: ASKS, holder: 'a' },
  { name: 'plus', weight: 20, binds: ['10.17.3.20:8404', '10.17.3.21:8404'], asks: ASKS, holder: 'a' },
  { name: 'one-minus', weight: -20, binds: ['10.17.3.20:8404', '*:8404'], asks: ASKS, holder: 'b' },
  { name: 'one-plus', weight: 20, binds: ['[::]:8404 v6only', '[::]:8404'], asks: ASKS, holder: 'b' },
  { name: 'right', weight: 0, binds: [':::8404', '127.0.0.1:8404'], asks: ASKS, holder: 'a' },
  {
    name: 'name',
    weight: 0,
    binds: ['[::1]:8404', '0.0.0.0:8404'],
    asks: ASKS.replace('127.0.0.1', 'localhost'),
    holder: 'a',
  },
]

suite('a check that asks where HAProxy listens, or does not', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'check-elsewhere-'))
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  for (const one of CASES)
    test(`weight ${one.weight}, ${one.binds.join(' and ')}: ${one.holder ?? 'nobody'} has the VIP, as the proof says`, async () => {
      const files = NODES.map((node, at) => ({
        haproxy: haproxyOf(one.binds[at] ?? ''),
        keepalived: keepalivedOf(node, one),
      }))
      const { table } = proveFiles(
        NODES.map(({ name }, at) => ({
          name,
          config: readKeepalivedConfig(`${name}.conf`, files[at]?.keepalived ?? '', {
            configId: name,
            include: () => [],
          }),
        })),
        files.map(({ haproxy }, at) => readHaproxyConfig(`${at}.cfg`, haproxy)),
      )
      const expected = one.holder === undefined ? [] : [one.holder]
      assert.deepEqual(table[0]?.healthy.holders, expected)
      const network = await createNetwork(
        `elsewhere-${one.name}`,
        NODES.map(({ name, address }) => ({ name, addresses: [address], interface: 'eth0' })),
      )
      let holders: Holders | undefined
      try {
        holders = await followHolders(network, ['a', 'b'])
        await play(network, join(directory, one.name), files, holders, expected)
      } finally {
        holders?.close()
        await network.close()
      }
    })
})

type Files = { haproxy: string; keepalived: string }

/** Starts HAProxy and then keepalived on both nodes, and waits until both have seen their checks and the VIP is where it should be. */
async function play(
  network: Network,
  directory: string,
  files: readonly Files[],
  holders: Holders,
  expected: readonly string[],
): Promise<void> {
  mkdirSync(directory)
  const logs = NODES.map(({ name }, at) => {
    const path = (what: string): string => join(directory, `${name}.${what}`)
    writeFileSync(path('cfg'), files[at]?.haproxy ?? '')
    writeFileSync(path('conf'), files[at]?.keepalived ?? '')
    const haproxy = start(network, name, ['haproxy', '-db', '-f', path('cfg')])
    const keepalived = start(network, name, [
      ...['keepalived', '--dont-fork', '--log-console', '--log-detail', '--vrrp', '--use-file', path('conf')],
      ...['--pid', path('pid'), '--vrrp_pid', path('vrrp.pid')],
    ])
    return () => `${name}: ${haproxy()}\n${keepalived()}`
  })
  const whole = (): string => logs.map((log) => log()).join('\n')
  const isSeen = (log: string): boolean =>
    /VRRP_Script\(check\) (?:succeeded|failed)|Script `check` now returning/.test(log)
  const untilSo = (what: string, test: () => boolean): Promise<void> =>
    until(what, 20_000, async () => test()).catch((error: Error) =>
      assert.fail(`${error.message}; ${holders.now(VIP).join(' and ') || 'nobody'} has the VIP\n${whole()}`),
    )
  await untilSo('both checks have ended', () => logs.every((log) => isSeen(log())))
  if (expected.length === 0) {
    // Nothing says that nobody will take it: an election takes 3 adverts and a skew, which is less than a second.
    await sleep(ELECTIONS_MS)
    assert.deepEqual(holders.now(VIP), [], whole())
  } else await untilSo('the VIP is where it should be', () => holders.now(VIP).join() === expected.join())
}

/** Ends with its network; what it says so far. */
function start(network: Network, node: string, argv: readonly string[]): () => string {
  const child = spawn('ip', ['netns', 'exec', network.namespace(node), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: CLEAN_ENV,
  })
  let said = ''
  child.on('error', ({ message }) => {
    said += message
  })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      said += data.toString('utf8')
    })
  return () => said
}

function haproxyOf(bind: string): string {
  return `defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s
frontend alive
    bind ${bind}
    monitor-uri /alive
`
}

function keepalivedOf({ name, address, peer, priority }: Node, { weight, asks }: Case): string {
  return `global_defs {
    router_id ${name}
    enable_script_security
    script_user root
}
vrrp_script check {
    script "/usr/bin/curl -fsm1 -o /dev/null ${asks}"
    interval 1
    rise 1
    fall 2
    weight ${weight}
}
vrrp_instance api {
    state BACKUP
    interface eth0
    version 3
    virtual_router_id 61
    priority ${priority}
    advert_int 0.2
    unicast_src_ip ${address}
    unicast_peer {
        ${peer}
    }
    virtual_ipaddress {
        ${VIP}/32
    }
    track_script {
        check
    }
}
`
}
