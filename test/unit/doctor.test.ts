import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examine } from '../../src/doctor/check.ts'
import type { Examined } from '../../src/doctor/examined.ts'
import { FILE_CHECKS } from '../../src/doctor/files.ts'
import { knownHostOf } from '../../src/doctor/repository.ts'
import { directoryVerdict, diskVerdict, statsSocketVerdict } from '../../src/doctor/verdicts/files.ts'
import { firewallVerdict } from '../../src/doctor/verdicts/firewall.ts'
import { nonlocalBindVerdict, rpFilterVerdict, selinuxVerdict } from '../../src/doctor/verdicts/kernel.ts'
import { sayStep, withSetting } from '../../src/doctor/verdicts/mend.ts'
import {
  addressVerdict,
  mtuVerdict,
  networkdVerdict,
  networkManagerVerdict,
  strangerVerdict,
} from '../../src/doctor/verdicts/network.ts'
import { clockVerdict, peerVerdict } from '../../src/doctor/verdicts/peers.ts'
import { listenersOf, portVerdict, programName } from '../../src/doctor/verdicts/ports.ts'
import { haproxyVerdict, keepalivedVerdict, presentVerdict } from '../../src/doctor/verdicts/programs.ts'
import { hostKeyVerdict, keyVerdict, reachVerdict } from '../../src/doctor/verdicts/repository.ts'
import {
  agentVerdict,
  embeddedVerdict,
  noUserVerdict,
  polkitVerdict,
  unitVerdict,
} from '../../src/doctor/verdicts/units.ts'
import { ok, problem, type Verdict } from '../../src/doctor/verdicts/verdict.ts'
import { parseAgentConfig } from '../../src/spec/parse-agent-config.ts'

function said(text: string) {
  return { kind: 'said', text } as const
}

const AGENT = { user: 'lb-agent', supervisor: 'systemd' } as const

/** `kind: why → fix`. */
function line(verdict: Verdict): string {
  const fix = verdict.kind === 'ok' || verdict.fix === null ? '' : ` → ${verdict.fix}`
  return `${verdict.kind}: ${verdict.why}${fix}`
}

/** What `doctor --fix` does about it. */
function mend(verdict: Verdict): string[] {
  return verdict.kind === 'problem' ? (verdict.mend ?? []).map(sayStep) : []
}

test('HAProxy without its exporter is a problem only where it is to serve its own figures', () => {
  const vv = said('HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n')
  const wants = { metrics: 'builtin', serveByAgent: 'set metrics', checkedByTls: [] } as const
  assert.equal(line(haproxyVerdict(vv, true, wants, 'apt')), 'ok: HAProxy 2.6.12, with its exporter (PROMEX).')
  assert.equal(
    line(haproxyVerdict(vv, false, wants, 'apt')),
    'problem: HAProxy 2.6.12 was built without its exporter (PROMEX), and agent.yaml says metrics.haproxy: builtin. → set metrics',
  )
  assert.equal(
    line(haproxyVerdict(vv, false, { ...wants, metrics: 'agent' }, 'apt')),
    'ok: HAProxy 2.6.12; the agent serves its figures (metrics.haproxy: agent).',
  )
  assert.equal(
    line(haproxyVerdict(said('HA-Proxy version 2.2.9-2 2021/03/03'), true, wants, 'apt')),
    "cannot tell: haproxy 2.2.9 is older than 2.6, the oldest that lb-agent is tested with. → a newer haproxy, of the distribution's next release",
  )
  assert.equal(
    line(haproxyVerdict({ kind: 'missing' }, undefined, wants, 'apt')),
    'problem: haproxy is not installed, or haproxy.binary in agent.yaml names another file. → apt-get install haproxy',
  )
})

test('HAProxy without TLS is a problem where servers are asked by https, ssh where the repository is reached by it', () => {
  const wants = { metrics: 'agent', serveByAgent: 'X', checkedByTls: ['kubernetes-api'] } as const
  const built = (tls: string) => said(`HAProxy version 3.0.11\n\nFeature list : +NS ${tls} -OPENSSL_AWSLC +PROMEX\n`)
  assert.equal(
    line(haproxyVerdict(built('-OPENSSL'), true, wants, 'apt')),
    "problem: HAProxy 3.0.11 was built without TLS (OPENSSL), and asks the servers of kubernetes-api by https: it refuses its file. → install the distribution's haproxy (apt-get install haproxy), or check: { type: tcp } in lb.yaml",
  )
  assert.equal(haproxyVerdict(built('+OPENSSL'), true, wants, 'apt').kind, 'ok')
  assert.equal(haproxyVerdict(built('-OPENSSL'), true, { ...wants, checkedByTls: [] }, 'apt').kind, 'ok')
  assert.equal(
    line(presentVerdict('ssh', { kind: 'missing' }, 'apt')),
    'problem: ssh is not installed, and the agent cannot do without it. → apt-get install openssh-client',
  )
})

test('keepalived tells its build options', () => {
  const with_ = (options: string) => said(`Keepalived v2.2.7 (01/16,2022)\n\nConfig options:  ${options}\n`)
  assert.equal(line(keepalivedVerdict(with_('LVS VRRP JSON'), 'apt')), 'ok: keepalived 2.2.7, with VRRP and JSON.')
  assert.equal(
    line(keepalivedVerdict(with_('LVS VRRP'), 'apt')),
    'ok: keepalived 2.2.7, with VRRP; without JSON, so that its text dump is read.',
  )
  assert.equal(
    line(keepalivedVerdict(with_('LVS VRRP_AUTH'), 'apt')),
    "problem: keepalived 2.2.7 was built without VRRP: it can hold no VIP. → install the distribution's keepalived (apt-get install keepalived)",
  )
  assert.equal(
    line(presentVerdict('git', { kind: 'missing' }, 'apt')),
    'problem: git is not installed, and the agent cannot do without it. → apt-get install git',
  )
})

test('ip_nonlocal_bind matters for the families that lb.yaml uses', () => {
  assert.equal(
    line(nonlocalBindVerdict('ipv6', '0', false)),
    'ok: net.ipv6.ip_nonlocal_bind is not needed: lb.yaml has no IPv6 VIP.',
  )
  assert.equal(
    line(nonlocalBindVerdict('ipv6', '0', true)),
    "problem: net.ipv6.ip_nonlocal_bind is 0: HAProxy cannot listen on a VIP that another node holds, and fails when it is started there. → echo 'net.ipv6.ip_nonlocal_bind = 1' >> /etc/sysctl.d/61-lb-agent.conf && sysctl -p /etc/sysctl.d/61-lb-agent.conf",
  )
})

test('a sysctl is mended by its key, now and in a file of our own', () => {
  assert.deepEqual(mend(nonlocalBindVerdict('ipv4', '0', true)), [
    'set net.ipv4.ip_nonlocal_bind = 1, now and in /etc/sysctl.d/61-lb-agent.conf',
  ])
  assert.deepEqual(mend(nonlocalBindVerdict('ipv6', undefined, true)), [])
  const ways = [{ node: 'two', device: 'eth1' }]
  assert.deepEqual(mend(rpFilterVerdict({ interface: 'eth0.7', value: 1 }, ways)), [
    'set net/ipv4/conf/eth0.7/rp_filter = 2, now and in /etc/sysctl.d/61-lb-agent.conf',
  ])
  assert.equal(withSetting('', 'net/ipv4/a', '1'), 'net.ipv4.a = 1\n')
  assert.equal(withSetting('# mine\nx = 2', 'net/ipv4/a', '1'), '# mine\nx = 2\nnet.ipv4.a = 1\n')
  assert.equal(withSetting('-net.ipv4.a=0\nx = 2\n', 'net/ipv4/a', '1'), 'net.ipv4.a = 1\nx = 2\n')
})

test('SELinux is a problem where its policy is known to keep HAProxy from ports', () => {
  assert.equal(
    line(selinuxVerdict({ enforcing: undefined, connectsAny: undefined })),
    'ok: The kernel runs without SELinux.',
  )
  assert.equal(
    line(selinuxVerdict({ enforcing: false, connectsAny: false })),
    'ok: SELinux is permissive: it forbids nothing.',
  )
  assert.equal(
    line(selinuxVerdict({ enforcing: true, connectsAny: false })),
    'problem: SELinux is enforcing, and its boolean haproxy_connect_any is off: HAProxy may neither bind nor reach ports that its policy does not name, such as 6443. → setsebool -P haproxy_connect_any 1; what is denied: ausearch -m avc -ts today -c haproxy -c keepalived',
  )
  assert.equal(
    line(selinuxVerdict({ enforcing: true, connectsAny: true })),
    'cannot tell: SELinux is enforcing. HAProxy may use all ports (haproxy_connect_any); whether keepalived may run lb-agent check is not known. → ausearch -m avc -ts today -c haproxy -c keepalived; nothing there since the last release: well',
  )
  assert.match(
    line(selinuxVerdict({ enforcing: true, connectsAny: undefined })),
    /^cannot tell: SELinux is enforcing, with a policy that has no boolean haproxy_connect_any: what it denies/,
  )
})

test('a strict rp_filter is a problem where the way back is another', () => {
  const strict = { interface: 'eth0', value: 1 }
  assert.equal(
    line(rpFilterVerdict(strict, [{ node: 'two', device: 'eth1' }])),
    "problem: rp_filter is strict (1) on eth0, and the way to two leaves through eth1: the kernel drops its adverts. → echo 'net.ipv4.conf.eth0.rp_filter = 2' >> /etc/sysctl.d/61-lb-agent.conf && sysctl -p /etc/sysctl.d/61-lb-agent.conf",
  )
  assert.equal(rpFilterVerdict(strict, [{ node: 'two', device: 'eth0' }]).kind, 'ok')
  assert.equal(rpFilterVerdict(strict, [{ node: 'two', device: undefined }]).kind, 'cannot tell')
  assert.equal(rpFilterVerdict({ interface: 'eth0', value: 2 }, [{ node: 'two', device: 'eth1' }]).kind, 'ok')
})

test('a unit that is masked, missing, down, or not there at the next boot', () => {
  const unit = { load: 'loaded', active: 'active', sub: 'running', file: 'enabled', pulledInBy: [] }
  assert.equal(line(unitVerdict('haproxy.service', unit, 'apt')), 'ok: haproxy.service is active (running), enabled.')
  assert.equal(
    line(unitVerdict('haproxy.service', { ...unit, load: 'masked' }, 'apt')),
    'problem: haproxy.service is masked: nothing can start it. → systemctl unmask haproxy.service',
  )
  assert.equal(
    line(unitVerdict('haproxy.service', { ...unit, load: 'masked', file: 'masked-runtime' }, 'apt')),
    'problem: haproxy.service is masked until the next boot. → systemctl unmask --runtime haproxy.service',
  )
  assert.equal(
    line(unitVerdict('lb-agent-drain.service', { ...unit, load: 'not-found' }, 'apt')),
    'problem: There is no lb-agent-drain.service. → apt-get install ./lb-agent_….deb, or ./install of the tarball',
  )
  assert.equal(
    line(unitVerdict('keepalived.service', { ...unit, active: 'failed', sub: 'failed' }, 'apt')),
    'problem: keepalived.service is failed (failed). → systemctl enable --now keepalived.service; if it ends again: journalctl -u keepalived.service -n 50',
  )
  assert.equal(
    line(unitVerdict('keepalived.service', { ...unit, file: 'disabled' }, 'apt')),
    'problem: keepalived.service runs, but is not started at the next boot (disabled). → systemctl enable keepalived.service',
  )
  assert.equal(
    line(embeddedVerdict('haproxy', undefined, true, '/s/haproxy.log')),
    'problem: haproxy does not run, though the agent does. → lb-agent status says why; its own words: /s/haproxy.log',
  )
})

test('of the units only what nobody wants otherwise is mended', () => {
  const down = { load: 'loaded', active: 'inactive', sub: 'dead', file: 'enabled', pulledInBy: [] }
  assert.deepEqual(mend(unitVerdict('lb-agent-drain.service', down, 'apt')), [
    'systemctl enable --now lb-agent-drain.service',
  ])
  for (const unit of ['haproxy.service', 'keepalived.service', 'lb-agent.service'])
    assert.deepEqual(mend(unitVerdict(unit, down, 'apt')), [])
  assert.deepEqual(mend(unitVerdict('haproxy.service', { ...down, active: 'active', file: 'disabled' }, 'apt')), [
    'systemctl enable haproxy.service',
  ])
  assert.deepEqual(mend(unitVerdict('haproxy.service', { ...down, load: 'masked' }, 'apt')), [])
  assert.deepEqual(mend(noUserVerdict('lb-agent')), ['systemd-sysusers lb-agent.conf'])
})

test('a unit that an extension upholds starts at boot, and gets no link of its own', () => {
  const upheld = {
    load: 'loaded',
    active: 'active',
    sub: 'running',
    file: 'disabled',
    pulledInBy: ['multi-user.target'],
  }
  assert.equal(
    line(unitVerdict('keepalived.service', upheld, 'apt')),
    'ok: keepalived.service is active (running), started at boot by multi-user.target.',
  )
  const down = unitVerdict('lb-agent-drain.service', { ...upheld, active: 'inactive', sub: 'dead' }, 'apt')
  assert.equal(
    line(down),
    'problem: lb-agent-drain.service is inactive (dead). → systemctl start lb-agent-drain.service; if it ends again: journalctl -u lb-agent-drain.service -n 50',
  )
  assert.deepEqual(mend(down), ['systemctl start lb-agent-drain.service'])
})

test('an agent whose socket is not ours to use is not called silent', () => {
  assert.equal(
    line(agentVerdict({ answers: undefined, pid: undefined }, 'systemd')),
    "cannot tell: The agent's control socket is for root and its group. → run lb-agent doctor as root",
  )
  assert.equal(agentVerdict({ answers: false, pid: undefined }, 'systemd').kind, 'problem')
})

test('without a rule of polkit every reload fails', () => {
  assert.equal(polkitVerdict('loaded', ['/usr/share/polkit-1/rules.d/50-lb-agent.rules'], [], 'apt').kind, 'ok')
  assert.equal(polkitVerdict('loaded', [], ['/etc/polkit-1/rules.d'], 'apt').kind, 'cannot tell')
  assert.equal(
    line(polkitVerdict('not-found', [], [], 'apt')),
    'problem: polkit is not installed: systemd refuses every reload of the agent. → apt-get install polkitd',
  )
  assert.match(line(polkitVerdict('loaded', [], [], 'apt')), /^problem: No rule of polkit lets the agent reload/)
})

test('a directory is judged as the agent’s user, and as the running agent sees it', () => {
  const all = { exists: true, here: 'yes', inAgent: 'yes' } as const
  assert.equal(line(directoryVerdict('/d', AGENT, all)), 'ok: User lb-agent may write /d.')
  assert.equal(
    line(directoryVerdict('/d', AGENT, { ...all, exists: false })),
    'problem: /d does not exist. → install -d -o lb-agent -g lb-agent -m 2775 /d',
  )
  assert.equal(
    line(directoryVerdict('/d', AGENT, { ...all, here: 'no' })),
    'problem: User lb-agent, whom the agent runs as, cannot write /d. → chgrp lb-agent /d && chmod 2775 /d; if that is right already, findmnt --target /d says whether it is read-only',
  )
  assert.match(line(directoryVerdict('/d', AGENT, { ...all, inAgent: 'no' })), /^problem: .* restart the agent/)
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', AGENT, { ...all, exists: false })), [
    'install -d -o lb-agent -g lb-agent -m 2775 /etc/haproxy',
  ])
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', AGENT, { ...all, here: 'no' })), [
    'chgrp lb-agent /etc/haproxy',
    'chmod 2775 /etc/haproxy',
  ])
  for (const shared of ['/etc', '/var/lib', '/', '/usr/local/etc', '/opt/haproxy/etc']) {
    assert.deepEqual(mend(directoryVerdict(shared, AGENT, { ...all, here: 'no' })), [], 'others may live there')
    assert.deepEqual(mend(directoryVerdict(shared, AGENT, { ...all, exists: false })), [])
  }
  assert.deepEqual(mend(directoryVerdict('/usr/local/etc/keepalived/', AGENT, { ...all, here: 'no' })).length, 2)
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', AGENT, { ...all, inAgent: 'no' })), [
    'systemctl restart lb-agent.service',
  ])
  const embedded = { ...AGENT, supervisor: 'embedded' } as const
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', embedded, { ...all, inAgent: 'no' })), [])
  const hidden = { exists: true, here: 'unknown', inAgent: 'unknown' } as const
  assert.equal(directoryVerdict('/d', AGENT, hidden).kind, 'cannot tell')
  assert.equal(
    line(statsSocketVerdict('/s', { exists: true, usable: 'no' }, { ...AGENT, group: 'haproxy' })),
    "problem: User lb-agent, whom the agent runs as, may not use HAProxy's stats socket /s. → usermod -aG haproxy lb-agent && systemctl restart lb-agent (haproxy.group in agent.yaml is haproxy)",
  )
  assert.deepEqual(mend(statsSocketVerdict('/s', { exists: true, usable: 'no' }, { ...AGENT, group: 'haproxy' })), [
    'usermod -aG haproxy lb-agent',
    'systemctl restart lb-agent.service',
  ])
})

test('a disk is full when an apply would not fit', () => {
  assert.equal(line(diskVerdict('state', '/s', { mib: 64, files: 0, allFiles: 0 })), 'ok: /s has 64 MiB left.')
  assert.equal(
    line(diskVerdict('state', '/s', { mib: 63, files: 9, allFiles: 10 })),
    'problem: /s has 63 MiB left; an apply needs 64 MiB. → make room on it: df -h /s; du -xsh /s/*',
  )
  assert.equal(
    line(diskVerdict('runtime', '/r', { mib: 9, files: 9, allFiles: 10 })),
    'problem: /r has room for 9 more files; an apply needs 200. → df -i /r',
  )
})

test('the repository: no branch, a host key that nobody pinned, a key that others may read', () => {
  assert.equal(
    line(reachVerdict({ kind: 'no-branch' }, { url: 'ssh://g/x', branch: 'main' })),
    'problem: ssh://g/x answers, and has no branch main. → push it, or name another: repository.branch in agent.yaml',
  )
  assert.equal(
    line(hostKeyVerdict('[git.lan]:2222', { inFile: undefined, looked: ['/k'], addTo: '/k' })),
    'problem: The host key of [git.lan]:2222 is in none of /k: the agent never learns one by itself, so nothing is fetched. → ssh-keyscan -p 2222 git.lan >> /k, then compare: ssh-keygen -lf /k',
  )
  const user = { name: 'lb-agent', uid: 990 }
  assert.equal(
    line(keyVerdict({ path: '/k', mode: 0o100600, owner: 990 }, user, ['as'])),
    "ok: /k is lb-agent's alone.",
  )
  assert.equal(
    line(keyVerdict({ path: '/k', mode: 0o100640, owner: 990 }, user, ['as'])),
    'problem: /k has mode 0640: ssh ignores a key that others may read. → chmod 600 /k',
  )
  assert.equal(
    line(keyVerdict({ path: '/k', mode: 0o100600, owner: 0 }, user, ['as'])),
    'problem: /k belongs to root: user lb-agent, whom the agent runs as, cannot read it. → chown lb-agent: /k',
  )
  const open = { path: '/k', mode: 0o100640, owner: 990 }
  assert.deepEqual(mend(keyVerdict(open, user, ['setpriv', '--reuid=990', '--'])), [
    'setpriv --reuid=990 -- chmod 600 /k',
  ])
  assert.deepEqual(mend(keyVerdict(open, user, [])), ['chmod 600 /k'])
  assert.deepEqual(mend(keyVerdict(open, user, undefined)), [], 'not as root: the user may have put a link there')
  assert.deepEqual(mend(keyVerdict({ ...open, owner: 0 }, user, [])), [])
  assert.deepEqual(['ssh://git@git.lan/x', 'ssh://git@git.lan:2222/x', 'git@git.lan:team/x'].map(knownHostOf), [
    'git.lan',
    '[git.lan]:2222',
    'git.lan',
  ])
})

test('other nodes: silent ones, and clocks out of step by more than the question took', () => {
  const peer = { name: 'two', address: '10.0.0.2' }
  assert.match(
    line(peerVerdict(peer, { kind: 'silent', reason: 'nobody listens on port 9853' }, 9853)),
    /^problem: The agent of two does not answer at 10\.0\.0\.2:9853: nobody listens on port 9853\. → there: systemctl status/,
  )
  assert.equal(
    line(clockVerdict('two', { kind: 'answers', aheadMs: -90_000, withinMs: 3 })),
    'problem: The clock of two is 90.0 s behind that of this node. → on both: timedatectl; timedatectl set-ntp true (or chronyc tracking) tells and mends which one is wrong',
  )
  assert.equal(clockVerdict('two', { kind: 'answers', aheadMs: 1_400, withinMs: 500 }).kind, 'ok')
  assert.equal(clockVerdict('two', { kind: 'silent', reason: 'x' }).kind, 'cannot tell')
})

test('the node’s address belongs on its interface', () => {
  const node = { name: 'one', address: '10.0.0.1', interface: 'eth0' }
  assert.equal(line(addressVerdict(node, 'eth0')), 'ok: 10.0.0.1 is on eth0.')
  assert.match(
    line(addressVerdict(node, 'br0')),
    /^problem: 10\.0\.0\.1 is on br0; lb\.yaml says that one has it on eth0\./,
  )
  assert.match(line(addressVerdict(node, undefined)), /^problem: .* is on no interface of this machine that is up\./)
})

test('a VIP that no node answers for is a problem only when all nodes are known', () => {
  const vip = { name: 'api', address: '10.0.0.9' }
  const nodes = [
    { name: 'one', mac: '0a:01' },
    { name: 'two', mac: '0a:02' },
  ]
  const seen = { heldHere: false, answeredBy: '0a:02', nodes }
  assert.equal(line(strangerVerdict(vip, seen)), 'ok: VIP api (10.0.0.9) is answered by two (0a:02).')
  assert.match(
    line(strangerVerdict(vip, { ...seen, answeredBy: '0a:99' })),
    /^problem: VIP api \(10\.0\.0\.9\) is answered by 0a:99, which is no node of lb\.yaml: clients reach somebody else\./,
  )
  const unseen = [...nodes, { name: 'three', mac: undefined }]
  assert.equal(
    line(strangerVerdict(vip, { heldHere: false, answeredBy: '0a:99', nodes: unseen })),
    'cannot tell: VIP api (10.0.0.9) is answered by 0a:99; that may be three, not seen on this network.',
  )
  assert.equal(strangerVerdict(vip, { ...seen, heldHere: true }).kind, 'cannot tell')
})

test('an MTU that the other side does not have', () => {
  const link = { interface: 'eth0', mtu: 9000 }
  assert.equal(mtuVerdict('two', link, { small: true, whole: true }, 'apt').kind, 'ok')
  assert.match(
    line(mtuVerdict('two', link, { small: true, whole: false }, 'apt')),
    /^problem: two answers short packets, but none of 9000/,
  )
  assert.equal(mtuVerdict('two', link, { small: false, whole: false }, 'apt').kind, 'cannot tell')
  assert.equal(mtuVerdict('two', link, 'no ping', 'apt').kind, 'cannot tell')
})

test('who else manages the interface', () => {
  const file = '/etc/systemd/network/10-lan.network'
  assert.equal(
    line(networkdVerdict('eth0', { kind: 'manages', file, keeps: undefined, rootType: 'ext4' })),
    "problem: systemd-networkd manages eth0 by /etc/systemd/network/10-lan.network without KeepConfiguration=static: its next restart or reload takes the VIPs away. → mkdir -p /etc/systemd/network/10-lan.network.d && printf '[Network]\\nKeepConfiguration=static\\n' > /etc/systemd/network/10-lan.network.d/60-lb-agent.conf; drain this node, then: networkctl reload",
  )
  assert.deepEqual(mend(networkdVerdict('eth0', { kind: 'manages', file, keeps: undefined, rootType: 'ext4' })), [
    'write /etc/systemd/network/10-lan.network.d/60-lb-agent.conf: [Network] KeepConfiguration=static',
  ])
  assert.equal(networkdVerdict('eth0', { kind: 'manages', file, keeps: 'static', rootType: 'ext4' }).kind, 'ok')
  assert.equal(networkdVerdict('eth0', { kind: 'unmanaged' }).kind, 'ok')
  assert.equal(networkManagerVerdict('eth0', 'connected').kind, 'cannot tell')
  assert.equal(networkManagerVerdict('eth0', 'unmanaged').kind, 'ok')
})

test('what networkd keeps of DHCP it goes on keeping, and on a root of the network it keeps everything', () => {
  const file = '/etc/systemd/network/10-lan.network'
  const found = (keeps: string | undefined, rootType = 'ext4') =>
    networkdVerdict('eth0', { kind: 'manages', file, keeps, rootType })
  for (const keeps of ['dhcp', 'dhcp-on-stop', 'dynamic', 'dynamic-on-stop'])
    assert.deepEqual(mend(found(keeps)), [
      'write /etc/systemd/network/10-lan.network.d/60-lb-agent.conf: [Network] KeepConfiguration=yes',
    ])
  assert.equal(
    line(found('dhcp')),
    "problem: systemd-networkd manages eth0 by /etc/systemd/network/10-lan.network without KeepConfiguration=yes (it is dhcp, for the lease of DHCP alone): its next restart or reload takes the VIPs away. → mkdir -p /etc/systemd/network/10-lan.network.d && printf '[Network]\\nKeepConfiguration=yes\\n' > /etc/systemd/network/10-lan.network.d/60-lb-agent.conf; drain this node, then: networkctl reload",
  )
  assert.deepEqual(mend(found('no', 'nfs4')), [
    'write /etc/systemd/network/10-lan.network.d/60-lb-agent.conf: [Network] KeepConfiguration=static',
  ])
  assert.equal(
    line(found(undefined, 'nfs4')),
    'ok: systemd-networkd manages eth0 and keeps what others add, because / is of the network (nfs4).',
  )
  assert.equal(found('true').kind, 'ok')
})

test('a port is free, HAProxy’s, or taken by somebody else, also by a wildcard', () => {
  const listeners = listenersOf(
    [
      'LISTEN 0 4096 *:6443 *:* users:(("k3s-server",pid=7,fd=9))',
      'LISTEN 0 4096 10.0.0.9:80 0.0.0.0:* users:(("haproxy",pid=8,fd=9),("haproxy",pid=9,fd=9))',
      'LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*',
      'LISTEN 0 4096 [::]:443 [::]:* users:(("nginx",pid=3,fd=9))',
      'LISTEN 0 4096 0.0.0.0:8443 0.0.0.0:*',
    ].join('\n'),
  )
  const at = (port: number, address = '10.0.0.9') =>
    line(portVerdict({ what: 'service s', address, port }, listeners, 'haproxy'))
  assert.equal(
    at(6443),
    "problem: k3s-server listens on *:6443; HAProxy needs 10.0.0.9:6443 for service s. → let k3s-server listen on the node's own address only (K3s: --bind-address), or give the service another port in lb.yaml",
  )
  assert.equal(at(80), 'ok: HAProxy listens on 10.0.0.9:80, for service s.')
  assert.equal(at(53, '127.0.0.1'), 'ok: 127.0.0.1:53, for service s, is free.')
  assert.equal(at(443), 'ok: 10.0.0.9:443, for service s, is free.')
  assert.match(
    at(443, 'fd00::9'),
    /^problem: nginx listens on \[::\]:443; HAProxy needs \[fd00::9\]:443 for service s\./,
  )
  assert.match(at(8443), /^cannot tell: Somebody listens on 10\.0\.0\.9:8443, for service s;/)
})

test('a program that listens is called as people call it', () => {
  const [listener] = listenersOf('LISTEN 0 511 *:6443 *:* users:(("MainThread",pid=7,fd=21))')
  assert.deepEqual(listener, { address: '*', port: 6443, process: 'MainThread', pid: 7 })
  assert.equal(
    programName('MainThread', '/usr/bin/node', ['node', '--inspect', '/srv/shop/server.js']),
    'node server.js',
  )
  assert.equal(programName('MainThread', '/usr/bin/node', ['node', '-e', 'listen("token")']), 'node')
  assert.equal(
    programName('java', '/usr/bin/java', ['java', '-Xmx1g', '-jar', '/srv/a.jar', '--key', 'x.y']),
    'java a.jar',
  )
  assert.equal(programName('MainThread', '/opt/app (deleted)', ['/opt/app']), 'app')
  assert.equal(programName('node', '/usr/bin/node', ['node']), 'node')
  assert.equal(programName('kube-apiserver-', '/usr/local/bin/kube-apiserver-1.33', []), 'kube-apiserver-1.33')
  assert.equal(
    programName('k3s-server', '/var/lib/rancher/k3s/data/x/bin/k3s', ['/usr/local/bin/k3s', 'server']),
    'k3s-server',
  )
  assert.equal(programName('httpd', '/bin/busybox', ['httpd']), 'httpd')
  assert.equal(programName('MainThread', undefined, []), 'MainThread')
})

const BASE = { family: 'inet', table: 'f', name: 'in', type: 'filter', hook: 'input' }

function ruleset(policy: string, ...rules: readonly unknown[][]): Verdict {
  return rulesetFor([], policy, ...rules)
}

function rulesetFor(
  peers: Parameters<typeof firewallVerdict>[2],
  policy: string,
  ...rules: readonly unknown[][]
): Verdict {
  const nftables = [
    { metainfo: { json_schema_version: 1 } },
    { chain: { ...BASE, policy } },
    ...rules.map((expr) => ({ rule: { family: 'inet', table: 'f', chain: 'in', expr } })),
  ]
  return firewallVerdict({ kind: 'rules', json: JSON.stringify({ nftables }), legacy: [] }, ['ip'], peers, 'apt')
}

function match(left: unknown, right: unknown): unknown {
  return { match: { op: '==', left, right } }
}

test('a firewall that forgets VRRP', () => {
  // As nft 1.0.6 prints them.
  const [accept, drop] = [{ accept: null }, { drop: null }]
  const vrrp = match({ payload: { protocol: 'ip', field: 'protocol' } }, { set: ['tcp', 'vrrp'] })
  const ssh = match({ payload: { protocol: 'tcp', field: 'dport' } }, 22)
  const lo = match({ meta: { key: 'iifname' } }, 'lo')
  const lan = match({ payload: { protocol: 'ip', field: 'saddr' } }, '10.0.0.2')
  assert.equal(
    line(ruleset('drop', [lo, accept], [ssh, accept])),
    "problem: chain in of table inet f (input) drops what no rule accepts, and none accepts VRRP (protocol 112): adverts are lost, and each node believes to be alone. → nft insert rule inet f in meta l4proto vrrp accept; and in the file that the rules come from (/etc/nftables.conf), or they are gone at the next boot; lb-agent firewall PATH --into 'inet f in' prints all that this node needs",
  )
  assert.equal(line(ruleset('drop', [vrrp, accept])), 'ok: No rule drops VRRP (protocol 112), in or out.')
  assert.equal(ruleset('accept', [ssh, accept]).kind, 'ok')
  assert.equal(ruleset('accept', [ssh, accept], [{ counter: {} }, drop]).kind, 'problem', 'a last rule drops the rest')
  assert.equal(ruleset('accept', [vrrp, drop]).kind, 'problem')
  assert.equal(ruleset('drop', [lan, accept]).kind, 'cannot tell', 'a rule for an address may be meant for it')
  const away = match({ payload: { protocol: 'ip', field: 'saddr' } }, '10.0.0.112')
  assert.equal(ruleset('accept', [away, drop]).kind, 'ok', 'an address with 112 in it is no protocol')
  const states = { vmap: { key: { ct: { key: 'state' } }, data: { set: [['established', accept]] } } }
  assert.equal(ruleset('drop', [states]).kind, 'problem')
  const links = { vmap: { key: { meta: { key: 'iifname' } }, data: { set: [['eth0', { jump: { target: 'lan' } }]] } } }
  assert.equal(ruleset('drop', [states], [links]).kind, 'cannot tell')
  assert.equal(firewallVerdict({ kind: 'not root' }, ['ip'], [], 'apt').kind, 'cannot tell')
  assert.equal(
    line(firewallVerdict({ kind: 'rules', json: '{"nftables":[]}', legacy: [] }, ['ip'], [], 'apt')),
    'ok: No firewall rules: VRRP passes.',
  )
})

test('a firewall that lets VRRP in from the nodes of an earlier lb.yaml', () => {
  const [accept, drop] = [{ accept: null }, { drop: null }]
  const vrrp = match({ meta: { key: 'l4proto' } }, 'vrrp')
  const from = (right: unknown): unknown => match({ payload: { protocol: 'ip', field: 'saddr' } }, right)
  const peers = [
    { name: 'lb2', address: '10.0.0.2' },
    { name: 'lb3', address: '10.0.0.3' },
  ]
  const judged = (policy: string, ...rules: readonly unknown[][]): Verdict => rulesetFor(peers, policy, ...rules)
  const why =
    "problem: chain in of table inet f (input) accepts VRRP (protocol 112) from some addresses, and drops that of lb3 (10.0.0.3): each believes to be alone. → lb-agent firewall PATH --into 'inet f in' prints the rules for lb.yaml as it is now: load them again"
  for (const told of [
    judged('accept', [from('10.0.0.2'), vrrp, accept], [vrrp, drop]),
    judged('drop', [from({ set: ['10.0.0.1', '10.0.0.2'] }), vrrp, accept]),
  ])
    assert.equal(line(told), why)
  assert.equal(judged('accept', [from('10.0.0.2'), vrrp, accept]).kind, 'ok', 'nothing drops the rest')
  assert.equal(judged('drop', [from({ set: ['10.0.0.2', '10.0.0.3'] }), vrrp, accept], [vrrp, drop]).kind, 'ok')
  assert.equal(judged('drop', [from({ prefix: { addr: '10.0.0.0', len: 24 } }), vrrp, accept]).kind, 'ok')
  assert.equal(judged('drop', [from('10.0.0.2'), vrrp, accept], [from('@balancers'), vrrp, accept]).kind, 'ok')
  assert.equal(judged('drop', [from('10.0.0.2'), vrrp, accept], [from('10.0.0.3'), accept]).kind, 'ok')
  assert.equal(judged('drop', [from('10.0.0.2'), vrrp, accept], [from('10.0.0.4'), accept]).kind, 'problem')
  assert.equal(judged('drop', [vrrp, accept]).kind, 'ok')
})

test('a check that fails or takes too long cannot tell, and keeps no other from telling', async () => {
  const node = {} as Examined
  const findings = await examine(node, [
    { family: 'a', name: 'late', withinMs: 10, look: () => new Promise(() => undefined) },
    { family: 'a', name: 'broken', look: () => Promise.reject(new Error('no such file')) },
    { family: 'b', name: 'x', look: async () => ({ one: ok('Well.'), two: problem('Bad\u001b[31m.', 'mend it') }) },
  ])
  assert.deepEqual(findings, [
    { family: 'a', about: 'late', kind: 'cannot tell', why: 'Nothing was seen within 0.01 s.', fix: null },
    { family: 'a', about: 'broken', kind: 'cannot tell', why: 'The look failed: no such file.', fix: null },
    { family: 'b', about: 'one', kind: 'ok', why: 'Well.' },
    { family: 'b', about: 'two', kind: 'problem', why: 'Bad.', fix: 'mend it' },
  ])
})

test('looks at the stats socket that haproxy.statsSocket names', async () => {
  const yaml = 'node: lb1\nrepository: { url: /srv/lb }\nhaproxy: { statsSocket: /nowhere/lb-agent-test.sock }\n'
  const parsed = parseAgentConfig(yaml, 'agent.yaml', { hostname: 'lb1' })
  assert.equal(parsed.kind, 'config')
  const node: Examined = {
    config: parsed.config,
    desired: { kind: 'unknown', reason: 'not fetched', fix: '' },
    agent: { answers: false, pid: undefined, userName: 'lb-agent', user: undefined, as: undefined },
    manager: 'apt',
  }
  const checks = FILE_CHECKS.filter(({ name }) => name === 'stats socket')
  const told = await examine(node, checks)
  assert.deepEqual(told.map(line), [
    "problem: HAProxy's stats socket /nowhere/lb-agent-test.sock does not exist: HAProxy does not run, or has not read a release of lb-agent. → lb-agent status says which",
  ])
})
