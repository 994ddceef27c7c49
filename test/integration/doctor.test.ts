import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace, pidsIn } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { createCertificate } from '../support/certificate.ts'
import { apply, type Cluster, killAgent, readOnly, settled, startCluster, VIP, verb } from '../support/cluster.ts'
import { missingForDaemons, missingPrograms } from '../support/requirements.ts'

type Told = { family: string; about: string; verdict: string; why: string; fix: string | null; mend: string[] | null }

const skip = missingForDaemons()
let cluster: Cluster

before(async () => {
  if (skip === false) cluster = await startCluster()
})
after(async () => {
  if (skip === false) await cluster.close()
})

/** Node `two` holds no VIP: it can see who answers for it. */
async function doctor(): Promise<{ code: number; problems: Told[]; all: Told[] }> {
  const { code, said } = await verb(cluster.two, 'doctor', '--json')
  const all = (JSON.parse(said) as { checks: Told[] }).checks
  return { code, all, problems: all.filter(({ verdict }) => verdict === 'problem') }
}

function inTwo(...argv: readonly string[]): Promise<string> {
  return inNamespace(cluster.lab.network.namespace('two'), argv)
}

/** A process in a namespace of the lab, ended by its pid; with the lab at the latest. */
function start(host: string, ...argv: readonly string[]): ChildProcess {
  return spawn('ip', ['netns', 'exec', cluster.lab.network.namespace(host), ...argv], { stdio: 'ignore' })
}

/** One problem, and exit code 1. */
async function theProblem(): Promise<Told> {
  const { code, problems } = await doctor()
  assert.equal(problems.length, 1, JSON.stringify(problems, undefined, 2))
  assert.equal(code, 1)
  const [problem] = problems
  assert.ok(problem !== undefined)
  return problem
}

test('finds nothing wrong with a healthy node', { skip }, async () => {
  const { code, problems, all } = await doctor()
  assert.deepEqual(problems, [])
  assert.equal(code, 0)
  const ok = all.filter(({ verdict }) => verdict === 'ok').map(({ about }) => about)
  const daemons = ['haproxy', 'keepalived', 'agent', 'lb.yaml', 'reachable', 'SELinux']
  const network = ['address', 'VIP v', 'subnet of VIP v', 'way to one', 'agent of one']
  for (const about of [...daemons, ...network])
    assert.ok(ok.includes(about), `${about} of ${JSON.stringify(all, undefined, 2)}`)
  const port = all.find(({ about }) => about === 'port 80 of service web')
  assert.equal(port?.why, `HAProxy listens on ${VIP}:80, for service web.`)
  const { said } = await verb(cluster.two, 'doctor')
  assert.match(said, /^two: 0 problems, \d+ cannot be told, \d+ ok$/m)
})

test('names a kernel that lets HAProxy not bind what another node holds', { skip }, async () => {
  await inTwo('sysctl', '-qw', 'net.ipv4.ip_nonlocal_bind=0')
  try {
    assert.deepEqual(await theProblem(), {
      family: 'kernel',
      about: 'ip_nonlocal_bind (IPv4)',
      verdict: 'problem',
      why: 'net.ipv4.ip_nonlocal_bind is 0: HAProxy cannot listen on a VIP that another node holds, and fails when it is started there.',
      fix: "echo 'net.ipv4.ip_nonlocal_bind = 1' >> /etc/sysctl.d/61-lb-agent.conf && sysctl -p /etc/sysctl.d/61-lb-agent.conf",
      mend: ['set net.ipv4.ip_nonlocal_bind = 1, now and in /etc/sysctl.d/61-lb-agent.conf'],
    })
  } finally {
    await inTwo('sysctl', '-qw', 'net.ipv4.ip_nonlocal_bind=1')
  }
})

test('names a VIP that is kept for the subnet itself', { skip }, async () => {
  // Of the four addresses of a /30, the VIP is the first.
  const next = VIP.replace(/\d+$/, (last) => String(Number(last) + 1))
  const change = (what: string) => inTwo('ip', 'address', what, `${next}/30`, 'dev', 'eth0')
  await change('add')
  try {
    assert.deepEqual(await theProblem(), {
      family: 'network',
      about: 'subnet of VIP v',
      verdict: 'problem',
      why: `VIP v (${VIP}) is the network address of ${VIP}/30, the subnet of eth0: nobody there reaches a node by it.`,
      fix: 'vips.v.address in lb.yaml: another address',
      mend: null,
    })
  } finally {
    await change('del')
  }
})

test('says what --fix would do, does it, and says what is mended', { skip }, async () => {
  // ip-netns(8): what is in there takes the place of the machine's own in /etc.
  const etc = join('/etc/netns', cluster.lab.network.namespace('two'))
  const file = join(etc, 'sysctl.d', '61-lb-agent.conf')
  mkdirSync(join(etc, 'sysctl.d'), { recursive: true })
  writeFileSync(file, '# mine\n')
  const key = 'net.ipv4.ip_nonlocal_bind'
  const step = `set ${key} = 1, now and in /etc/sysctl.d/61-lb-agent.conf`
  try {
    await inTwo('sysctl', '-qw', `${key}=0`)
    const dry = await verb(cluster.two, 'doctor', '--fix', '--dry-run')
    assert.equal(dry.code, 1)
    assert.match(dry.said, /^doctor --fix would do this:\n {2}kernel, ip_nonlocal_bind \(IPv4\): set net\.ipv4/)
    assert.equal((await inTwo('sysctl', '-n', key)).trim(), '0')
    assert.equal(readFileSync(file, 'utf8'), '# mine\n')
    const fixed = await verb(cluster.two, 'doctor', '--fix')
    assert.equal(fixed.code, 0, fixed.said)
    assert.ok(fixed.said.startsWith(`kernel, ip_nonlocal_bind (IPv4): ${step} … done\n`), fixed.said)
    assert.match(fixed.said, /^mended {2}kernel, ip_nonlocal_bind \(IPv4\)$/m)
    assert.match(fixed.said, /^two: 0 problems, /m)
    assert.equal((await inTwo('sysctl', '-n', key)).trim(), '1')
    assert.equal(readFileSync(file, 'utf8'), `# mine\n${key} = 1\n`)
    const again = await verb(cluster.two, 'doctor', '--fix', '--json')
    assert.equal(again.code, 0)
    const { steps, mended } = JSON.parse(again.said) as { steps: unknown[]; mended: unknown[] }
    assert.deepEqual([steps, mended], [[], []])
  } finally {
    rmSync(etc, { recursive: true })
    await inTwo('sysctl', '-qw', `${key}=1`)
  }
})

test('an interrupted doctor ends at once and leaves nobody listening', {
  skip: skip || missingPrograms('tcpdump'),
}, async () => {
  const { lab, two } = cluster
  const listeners = async (): Promise<string[]> => {
    const pids = await pidsIn(lab.network.namespace('two'))
    return pids.map(commOf).filter((comm) => comm === 'tcpdump')
  }
  const child = start('two', join(lab.directory, 'bin', 'lb-agent'), 'doctor', '--fix', '--config', two.configFile)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  await until('it listens', 10_000, async () => (await listeners()).length > 0)
  child.kill('SIGINT')
  assert.equal(await ended, 130)
  assert.deepEqual(await listeners(), [])
})

test('names a live directory that the running agent sees read-only, though it is not', { skip }, async () => {
  const directory = join(cluster.two.directory, 'etc', 'haproxy')
  await readOnly(cluster.two, directory, async () => {
    const { about, why, fix } = await theProblem()
    assert.equal(about, directory)
    assert.equal(
      why,
      `${directory} can be written, but the running agent sees it read-only: it was not there, or was mounted otherwise, when the agent was started.`,
    )
    assert.equal(fix, 'restart the agent (systemctl restart lb-agent); this moves no VIP')
  })
})

test('names a ruleset that forgets VRRP, and the rule to add', { skip: skip || missingPrograms('nft') }, async () => {
  await inTwo('nft', 'add table inet strict')
  try {
    await inTwo('nft', 'add chain inet strict in { type filter hook input priority 0; policy accept; }')
    for (const rule of ['iifname lo accept', 'ct state established,related accept', 'ip protocol { tcp, icmp } accept'])
      await inTwo('nft', `add rule inet strict in ${rule}`)
    await inTwo('nft', 'add rule inet strict in ip protocol 112 drop')
    const dropped = await theProblem()
    assert.equal(dropped.about, 'firewall')
    assert.match(dropped.why, /^A rule in chain in of table inet strict \(input\) drops VRRP \(protocol 112\)/)
    const insert = 'nft insert rule inet strict in meta l4proto vrrp accept'
    assert.ok(dropped.fix?.startsWith(`${insert};`), dropped.fix ?? '')
    await inTwo(...insert.split(' '))
    assert.deepEqual((await doctor()).problems, [])
  } finally {
    await inTwo('nft', 'delete table inet strict')
  }
})

test('names two nodes that both send adverts, because one is kept from hearing', {
  skip: skip || missingPrograms('nft', 'tcpdump'),
}, async () => {
  await inTwo('nft', 'add table inet deaf')
  try {
    await inTwo('nft', 'add chain inet deaf in { type filter hook input priority 0; policy accept; }')
    await inTwo('nft', 'add rule inet deaf in meta l4proto 112 drop')
    await until('both hold the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).length === 2)
    const { problems } = await doctor()
    const told = problems.map(({ about, why }) => [about, why.split(':')[0]])
    assert.deepEqual(told, [
      ['adverts of VIP v', 'one and two both send adverts of virtual router id 7'],
      ['firewall', 'A rule in chain in of table inet deaf (input) drops VRRP (protocol 112)'],
    ])
  } finally {
    await inTwo('nft', 'delete table inet deaf')
  }
  await settled(cluster)
})

test('names a hand-written pair that has the same virtual router id', {
  skip: skip || missingPrograms('tcpdump'),
}, async () => {
  const { lab } = cluster
  await lab.network.add({ name: 'rival', addresses: ['10.9.0.66'], interface: 'eth0' })
  const directory = join(lab.directory, 'rival')
  mkdirSync(directory)
  const file = join(directory, 'keepalived.conf')
  writeFileSync(
    file,
    'vrrp_instance OLD {\n state MASTER\n interface eth0\n virtual_router_id 7\n priority 255\n advert_int 1\n virtual_ipaddress {\n 10.9.0.199\n }\n}\n',
  )
  const pidFiles = ['-p', join(directory, 'pid'), '-r', join(directory, 'vrrp.pid')]
  const rival = start('rival', 'keepalived', '-n', '-l', '-f', file, ...pidFiles)
  try {
    await until('the rival holds its VIP', 10_000, async () => {
      const addresses = await inNamespace(lab.network.namespace('rival'), ['ip', '-o', 'address'])
      return addresses.includes('10.9.0.199')
    })
    const { about, why } = await theProblem()
    assert.equal(about, 'adverts of VIP v')
    assert.equal(
      why,
      '10.9.0.66 sends VRRPv2 adverts of virtual router id 7 (priority 255) on eth0, and is no node of lb.yaml: two clusters that share an id disturb each other.',
    )
    // As lb-agent install leaves it on a node that is taken over before the one that holds the VIPs.
    const takeover = join(cluster.two.directory, 'state', 'takeover.json')
    writeFileSync(takeover, '{"vips":["v"]}')
    const left = await theProblem().finally(() => rmSync(takeover))
    assert.equal(
      left.why,
      'VIP v is left to a pair without lb-agent, and 10.9.0.66, which is no address of a node in lb.yaml, sends VRRPv2 adverts of virtual router id 7 on eth0.',
    )
    assert.match(left.fix ?? '', /run lb-agent install there/)
  } finally {
    rival.kill('SIGTERM')
    await until('the rival ends', 10_000, async () => (await pidsIn(lab.network.namespace('rival'))).length === 0)
  }
})

/** An API server: it answers every question with 200. */
const API_SERVER = `const [key, cert] = process.argv.slice(1).map((file) => require('node:fs').readFileSync(file))
require('node:https').createServer({ key, cert }, (_, answer) => answer.end('ok')).listen(6443)`

test('names an API server whose certificate does not name the VIP', { skip }, async () => {
  const { lab } = cluster
  const [good, bad] = await Promise.all([
    createCertificate(lab.directory, 'good', ['DNS:kubernetes', `IP:${VIP}`]),
    createCertificate(lab.directory, 'bad', ['DNS:kubernetes', 'IP:10.9.1.2']),
  ])
  const serve = (host: string, { key, certificate }: typeof good): ChildProcess =>
    start(host, process.execPath, '-e', API_SERVER, key, certificate)
  const alpha = serve('alpha', good)
  let beta = serve('beta', bad)
  try {
    const services = '  api: { vip: v, port: 6443, pool: web, profile: kubernetes-api }\n'
    await apply(cluster, { services })
    const { about, why, fix } = await theProblem()
    assert.equal(about, 'certificates of api')
    assert.equal(
      why,
      `The certificate of beta does not name ${VIP} (VIP v): clients that ask for api by that address refuse it.`,
    )
    assert.match(fix ?? '', /^on beta: tls-san: \["10\.9\.0\.100"\] in \/etc\/rancher\/k3s\/config\.yaml/)
    beta.kill()
    beta = serve('beta', good)
    await sleep(1_000)
    const { problems, all } = await doctor()
    assert.deepEqual(problems, [])
    const told = all.find((check) => check.about === 'certificates of api')
    assert.equal(told?.why, `The certificates of alpha, beta name ${VIP}, VIP v.`)
  } finally {
    await apply(cluster, {})
    alpha.kill()
    beta.kill()
  }
})

test('names an MTU that the other node does not have', { skip: skip || missingPrograms('ping') }, async () => {
  const one = cluster.lab.network.namespace('one')
  await inNamespace(one, ['ip', 'link', 'set', 'eth0', 'mtu', '1400'])
  try {
    const { about, why } = await theProblem()
    assert.equal(about, 'MTU to one')
    assert.equal(
      why,
      'one answers short packets, but none of 1500 bytes, the MTU of eth0: connections hang once they carry data.',
    )
  } finally {
    await inNamespace(one, ['ip', 'link', 'set', 'eth0', 'mtu', '1500'])
  }
})

test('names a repository that is away', { skip }, async () => {
  const restore = cluster.repository.hide()
  try {
    const { about, why, fix } = await theProblem()
    const { url } = cluster.repository
    assert.equal(about, 'reachable')
    assert.equal(
      why,
      `git fetch from ${url}: there is no git repository at this address, or we may not see it. The nodes go on with the release they have; no commit reaches them.`,
    )
    assert.equal(fix, `the same by hand: git ls-remote ${url} main`)
  } finally {
    restore()
  }
})

test('names a machine that is no node and answers for the VIP', { skip: skip || missingPrograms('nft') }, async () => {
  await cluster.lab.network.add({ name: 'stranger', addresses: [VIP], interface: 'eth0' })
  const stranger = cluster.lab.network.namespace('stranger')
  const one = cluster.lab.network.namespace('one')
  const link = await inNamespace(stranger, ['cat', '/sys/class/net/eth0/address'])
  try {
    // Both have the VIP, and the last one to say so counts: the stranger, because nothing that the node says leaves it.
    const chain = `{ type filter hook egress device eth0 priority 0; arp saddr ip ${VIP} drop; };`
    await inNamespace(one, ['nft', `table netdev silent { chain out ${chain} }`])
    await inTwo('ip', 'neighbour', 'flush', 'to', VIP)
    const { about, why, fix } = await theProblem()
    assert.equal(about, 'VIP v')
    assert.equal(
      why,
      `VIP v (${VIP}) is answered by ${link.trim()}, which is no node of lb.yaml: clients reach somebody else.`,
    )
    assert.match(fix ?? '', /^find that machine/)
  } finally {
    await inNamespace(stranger, ['ip', 'address', 'flush', 'dev', 'eth0'])
    await inNamespace(one, ['nft', 'delete table netdev silent'])
    await inTwo('ip', 'neighbour', 'flush', 'to', VIP)
  }
})

test('names the other node when its agent is silent', { skip }, async () => {
  await killAgent(cluster.one)
  const { about, why, fix } = await theProblem()
  assert.equal(about, 'agent of one')
  assert.equal(why, 'The agent of one does not answer at 10.9.0.1:9853: nobody listens on port 9853.')
  assert.match(fix ?? '', /^there: systemctl status lb-agent/)
})

test('tells of a node without an agent what can be told', { skip }, async () => {
  await killAgent(cluster.two)
  const { code, problems, all } = await doctor()
  assert.equal(code, 1)
  assert.deepEqual(
    problems.map(({ about }) => about),
    ['agent', 'agent of one'],
  )
  assert.equal(all.find(({ about }) => about === 'VIP v')?.verdict, 'ok')
})

function commOf(pid: number): string {
  const file = `/proc/${pid}/comm`
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}
