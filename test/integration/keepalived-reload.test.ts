import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAddressEvent } from '../../src/drill/address-events.ts'
import { deleteNamespaces, inNamespace, ipBatch } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { CLEAN_ENV } from '../../src/exec.ts'
import type { KeepalivedConfig } from '../../src/keepalived-config/config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import { impactOf, type VipImpact } from '../../src/proof/impact.ts'
import { missingForDaemons } from '../support/requirements.ts'
import { type Written, writtenInstance, writtenKeepalived } from '../support/written-keepalived.ts'

const VIP = '10.9.0.100'
const ADDRESS = `${VIP}/32`
const BOTH = [ADDRESS, '10.9.0.101/32']
/** What was seen of the address: it was there all the while; away within the reload; away for an election; away for good. */
type Seen = 'stays' | 'renewed' | 'leaves' | 'goes'

const WORDS: Readonly<Record<Seen, string>> = {
  stays: 'the address stays',
  renewed: 'the address is away for a moment',
  leaves: 'the address is away until an election is over',
  goes: 'the address goes',
}

/** An election takes three adverts of 100 ms; what is away for less was put back by the same reload. */
const ELECTION_MS = 250

type Change = { what: string; was?: Written; will: Written; seen: Seen }

const READY = (value: string): string => `track_file ready {\nfile ${value}\nweight 0 reverse\n}`

suite('a reload of keepalived does what the impact says', { skip: missingForDaemons(), timeout: 180_000 }, () => {
  const id = randomBytes(3).toString('hex')
  const namespace = `lb-${id}-reload`
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-reload-'))
  before(async () => {
    writeFileSync(join(directory, 'zero'), '0\n')
    writeFileSync(join(directory, 'one'), '1\n')
    await ipBatch(undefined, [`netns add ${namespace}`])
    await ipBatch(namespace, [
      ...['eth0', 'eth1'].flatMap((name) => [
        `link add ${name} type veth peer name ${name}p`,
        `link set ${name} up`,
        `link set ${name}p up`,
      ]),
      'link set lo up',
      ...['10.9.0.1/24 dev eth0', '10.9.0.3/24 dev eth0', '10.9.1.1/24 dev eth1'].map((one) => `addr add ${one}`),
    ])
  })
  after(async () => {
    await deleteNamespaces([namespace])
    rmSync(directory, { recursive: true })
  })

  const changes: Change[] = [
    { what: 'nothing', will: {}, seen: 'stays' },
    { what: 'another name', will: { name: 'w' }, seen: 'stays' },
    { what: 'a lower priority', will: { priority: 100 }, seen: 'stays' },
    { what: 'another advert interval', will: { advert: '0.2' }, seen: 'stays' },
    { what: 'another peer', will: { peers: ['10.9.0.2', '10.9.0.4'] }, seen: 'stays' },
    { what: 'one more address', will: { addresses: BOTH }, seen: 'stays' },
    {
      what: 'an address that changes to virtual_ipaddress_excluded',
      was: { addresses: [...BOTH].reverse() },
      will: { addresses: ['10.9.0.101/32'], excluded: [ADDRESS] },
      seen: 'stays',
    },
    {
      what: 'an address that changes to virtual_ipaddress',
      was: { addresses: ['10.9.0.101/32'], excluded: [ADDRESS] },
      will: { addresses: BOTH },
      seen: 'stays',
    },
    {
      what: 'its own interface and scope, written',
      will: { addresses: [`${ADDRESS} dev eth0 scope global`] },
      seen: 'stays',
    },
    { what: 'another broadcast address', will: { addresses: [`${ADDRESS} brd 10.9.0.255`] }, seen: 'stays' },
    { what: 'an interface of its own, by unicast', will: { more: 'use_vmac\nvmac_xmit_base' }, seen: 'stays' },
    {
      what: 'another source of multicast adverts',
      was: { peers: null },
      will: { peers: null, more: 'mcast_src_ip 10.9.0.3' },
      seen: 'stays',
    },
    {
      what: 'a new tracker that is well',
      will: { root: READY(join(directory, 'one')), more: 'track_file {\nready\n}' },
      seen: 'stays',
    },
    { what: 'another prefix length', will: { addresses: [`${VIP}/24`] }, seen: 'renewed' },
    { what: 'a label', will: { addresses: [`${ADDRESS} label eth0:v`] }, seen: 'renewed' },
    { what: 'another scope', will: { addresses: [`${ADDRESS} scope link`] }, seen: 'renewed' },
    { what: 'another interface of the address', will: { addresses: [`${ADDRESS} dev eth1`] }, seen: 'renewed' },
    { what: 'another virtual router id', will: { id: 8 }, seen: 'leaves' },
    { what: 'another interface', will: { interface: 'eth1' }, seen: 'leaves' },
    { what: 'another source', will: { source: '10.9.0.3' }, seen: 'leaves' },
    { what: 'multicast instead of unicast', will: { peers: null }, seen: 'leaves' },
    { what: 'unicast instead of multicast', was: { peers: null }, will: {}, seen: 'leaves' },
    {
      what: 'another multicast group',
      was: { peers: null },
      will: { peers: null, globals: 'vrrp_mcast_group4 224.0.0.99' },
      seen: 'leaves',
    },
    {
      what: 'an interface of its own, by multicast',
      was: { peers: null },
      will: { peers: null, more: 'use_vmac' },
      seen: 'leaves',
    },
    {
      what: 'a new tracker that fails already',
      will: { root: READY(join(directory, 'zero')), more: 'track_file {\nready\n}' },
      seen: 'goes',
    },
    { what: 'another address', will: { addresses: ['10.9.0.105/32'] }, seen: 'goes' },
    { what: 'no such instance', will: { name: 'w', id: 9, addresses: ['10.9.0.105/32'] }, seen: 'goes' },
    { what: 'a network namespace, which needs a restart', will: { root: 'net_namespace red', id: 8 }, seen: 'stays' },
    { what: 'the name of the program, which needs a restart', will: { root: 'instance red', id: 8 }, seen: 'stays' },
    {
      what: 'disable_local_igmp, which needs a restart',
      will: { globals: 'disable_local_igmp', id: 8 },
      seen: 'stays',
    },
    {
      what: 'tmp_config_directory, which needs a restart',
      will: { globals: 'tmp_config_directory /tmp', id: 8 },
      seen: 'stays',
    },
    { what: 'a table of nftables, which needs a restart', will: { globals: 'nftables red', id: 8 }, seen: 'stays' },
  ]
  for (const { what, was = {}, will, seen } of changes)
    test(`${what}: ${WORDS[seen]}`, async () => {
      const [old, next] = [writtenKeepalived(was), writtenKeepalived(will)]
      const impact = impactOf(
        { before: read(old), after: read(next) },
        { fails: new Set(['ready'].filter(() => next.includes('/zero'))) },
      )
      assert.equal(impact.restart.length > 0 ? 'stays' : saidOf(impact.vips), seen)
      const watched = await watchReload(namespace, join(directory, randomBytes(3).toString('hex')), old, next)
      assert.equal(watched.seen, seen, watched.log)
      if (impact.restart.length > 0) assert.match(watched.log, /Cannot change .* at a reload - please restart/)
    })

  test('two instances that change places lose both addresses for a moment or for good', async () => {
    const two = (v: number, w: number): string =>
      writtenKeepalived({ id: v }) + writtenInstance({ name: 'w', id: w, addresses: ['10.9.0.101/32'] })
    const impact = impactOf({ before: read(two(7, 8)), after: read(two(8, 7)) })
    assert.deepEqual(
      impact.vips.map(({ kind }) => kind),
      ['leaves', 'leaves'],
    )
    const watched = await watchReload(namespace, join(directory, 'places'), two(7, 8), two(8, 7))
    assert.notEqual(watched.seen, 'stays')
  })
})

/** What the impact says of the one VIP that was there before. */
function saidOf(vips: readonly VipImpact[]): Seen {
  const vip = vips.find(({ was }) => was !== undefined)
  assert.ok(vip !== undefined)
  if (vip.kind === 'fails' || vip.kind === 'goes' || vip.gone.includes(VIP)) return 'goes'
  assert.ok(vip.kind !== 'comes')
  return vip.kind
}

function read(text: string): KeepalivedConfig {
  return readKeepalivedConfig('keepalived.conf', text, { configId: 'lb1', include: () => [] })
}

/** Starts keepalived with one file, lets it read another one once it is MASTER, and watches its address. */
async function watchReload(
  namespace: string,
  path: string,
  old: string,
  next: string,
): Promise<{ seen: Seen; log: string }> {
  mkdirSync(path)
  const file = join(path, 'keepalived.conf')
  writeFileSync(file, old)
  const keepalived = spawn(
    'ip',
    [
      ...['netns', 'exec', namespace, 'keepalived', '--dont-fork', '--vrrp', '--log-console', '--log-detail'],
      ...['--use-file', file, '--pid', join(path, 'pid'), '--vrrp_pid', join(path, 'vrrp.pid')],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: CLEAN_ENV },
  )
  let said = ''
  for (const stream of [keepalived.stdout, keepalived.stderr])
    stream.on('data', (data: Buffer) => {
      said += data.toString('utf8')
    })
  const monitor = spawn('stdbuf', ['-oL', 'ip', '-n', namespace, '-ts', '-o', 'monitor', 'address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // `ip` prints local time.
    env: { ...CLEAN_ENV, TZ: 'UTC' },
  })
  const events: { atMs: number; has: boolean }[] = []
  createInterface({ input: monitor.stdout }).on('line', (line) => {
    const event = parseAddressEvent(line)
    if (event?.address === VIP) events.push(event)
  })
  const holds = async (): Promise<boolean> =>
    (await inNamespace(namespace, ['ip', '-o', '-4', 'addr'])).includes(` ${VIP}/`)
  try {
    await until('keepalived is MASTER', 5_000, holds)
    await sleep(200)
    events.length = 0
    writeFileSync(file, next)
    keepalived.kill('SIGHUP')
    await sleep(1_000)
    return { seen: seenIn(events), log: said }
  } finally {
    monitor.kill('SIGKILL')
    await ended(keepalived)
    await until('its address is gone', 5_000, async () => !(await holds()))
  }
}

function seenIn(events: readonly { atMs: number; has: boolean }[]): Seen {
  const lost = events.find(({ has }) => !has)
  if (lost === undefined) return 'stays'
  const back = events.find(({ has, atMs }) => has && atMs >= lost.atMs)
  if (back === undefined) return 'goes'
  return back.atMs - lost.atMs < ELECTION_MS ? 'renewed' : 'leaves'
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await until('keepalived ends', 10_000, async () => child.exitCode !== null || child.signalCode !== null)
}
