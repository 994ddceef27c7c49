import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import type { Booted } from '../support/booted.ts'
import { ran } from '../support/booted-cluster.ts'
import { type BootedNode, bootNode } from '../support/booted-node.ts'
import { VIP } from '../support/cluster.ts'
import { makeFlatcar } from '../support/flatcar.ts'
import { debianImage } from '../support/image.ts'
import { isRefused, putPackage } from '../support/installed.ts'
import { missingForBoots, missingPrograms } from '../support/requirements.ts'

const INSTALL = ['lb-agent', 'install', '--repo', 'file:///srv/lb-config', '--yes']
const IN_THE_WAY = { code: 1 }

suite('what lb-agent install needs on a Debian', { skip: missingForBoots(), timeout: 600_000 }, () => {
  let node: BootedNode
  before(async () => {
    node = await bootNode(await debianImage('bookworm'))
    await putPackage(node.one)
    await node.one.run('dpkg', '-r', '--force-depends', 'keepalived', 'polkitd')
    // What debootstrap has left of its packages.
    await node.one.run('sh', '-c', 'mkdir /srv/debs && mv /var/cache/apt/archives/*.deb /srv/debs')
    await node.one.run('sh', '-c', 'rm -rf /var/lib/apt/lists/*')
  })
  after(() => node?.close())

  test('a dry run names the packages, and installs nothing', async () => {
    const { code, said } = await ran(node.one, ...INSTALL, '--dry-run')
    assert.equal(code, 0)
    assert.equal(
      said,
      'Debian GNU/Linux 12, packages by apt\nwould:\n  - install keepalived, polkitd (apt-get)\nwhat follows is known once that is done. Nothing was changed',
    )
  })

  test('apt’s own words say why a package cannot be had', async () => {
    await isRefused(node.one, INSTALL, {
      ...IN_THE_WAY,
      lines: [
        'failed  install keepalived, polkitd (apt-get)',
        /^problem {2}apt-get update -q: exit code 100: E: Failed to fetch http:\/\/deb\.debian\.org\/\S+ +Temporary failure resolving/m,
        '  → mend what it says (network, sources, disk), or install them by hand; then run lb-agent install again: it begins where it ended',
      ],
    })
  })

  test('a distribution that nobody knows is told what to install', async () => {
    const restore = await hideDebian(node.one)
    await isRefused(node.one, INSTALL, {
      ...IN_THE_WAY,
      lines: [
        'Slackwork 7, packages by none',
        'problem  keepalived is not installed (it holds the VIPs), and lb-agent knows no package manager of Slackwork 7',
        '  → install keepalived as this distribution does it, then run lb-agent install again',
        'problem  polkit is not installed (the agent has no right of its own to reload HAProxy and keepalived), and lb-agent knows no package manager of Slackwork 7',
      ],
    })
    await restore()
  })

  test('missing packages are installed from a source that apt was never asked about', async () => {
    writeIndex(node.one.path('/srv/debs'))
    writeFileSync(node.one.path('/etc/apt/sources.list'), 'deb [trusted=yes] file:/srv/debs ./\n')
    const { code, said } = await ran(node.one, ...INSTALL)
    assert.equal(code, 0, said)
    assert.match(said, /^ok {6}install keepalived, polkitd \(apt-get\)$/m)
    assert.match(said, /^ok {6}wait until its first release serves$/m)
    await until('the VIP is here', 30_000, async () => (await node.lab.holdersOf(VIP)).join() === 'one')
  })

  test('a distribution that nobody knows will do where all is there', async () => {
    const restore = await hideDebian(node.one)
    const { code, said } = await ran(node.one, ...INSTALL)
    assert.deepEqual([code, said.split('\n')[0]], [0, 'Slackwork 7, packages by none'])
    assert.match(said, /nothing to do: all of it is there, and the agent runs$/)
    await restore()
  })
})

const skip = missingForBoots() || missingPrograms('unsquashfs')

suite('lb-agent install on a stand-in for Flatcar', { skip, timeout: 600_000 }, () => {
  let node: BootedNode
  before(async () => {
    node = await bootNode(await debianImage('trixie'), (root) => {
      makeFlatcar(root, 'one')
      rmSync(join(root, 'etc/lb-agent/agent.yaml'))
      // As if neither extension was there.
      for (const file of ['usr/bin/haproxy', 'usr/bin/keepalived'])
        renameSync(join(root, file), join(root, `${file}.away`))
    })
  })
  after(() => node?.close())

  test('says which extension is missing and which was not merged', async () => {
    // Without its program it is started again and again.
    await node.one.run('systemctl', 'stop', 'haproxy', 'keepalived')
    await node.one.run('ln', '-s', '/opt/extensions/keepalived/keepalived.raw', '/etc/extensions/keepalived.raw')
    await node.one.run(
      'sh',
      '-c',
      'mkdir -p /opt/extensions/keepalived && touch /opt/extensions/keepalived/keepalived.raw',
    )
    await isRefused(node.one, INSTALL, {
      ...IN_THE_WAY,
      lines: [
        /^Flatcar Container Linux .*, packages by sysext$/m,
        'problem  haproxy is missing (it serves the clients), and Flatcar has no package manager',
        /^ {2}→ put haproxy-….raw of https:\/\/extensions\.flatcar\.org into \/opt\/extensions\/haproxy\/,/m,
        'problem  extension /etc/extensions/keepalived.raw is there, but keepalived is not: systemd has not merged it (another SYSEXT_LEVEL, another architecture, or not yet)',
        '  → SYSTEMD_LOG_LEVEL=debug systemd-sysext refresh says why; then run lb-agent install again',
      ],
    })
  })
})

/** Another os-release, and no apt-get, until the returned function is called. */
async function hideDebian(machine: Booted): Promise<() => Promise<void>> {
  const release = machine.path('/usr/lib/os-release')
  const before = readFileSync(release, 'utf8')
  writeFileSync(release, 'NAME=Slackwork\nID=slackwork\nVERSION_ID=7\n')
  await machine.run('mv', '/usr/bin/apt-get', '/usr/bin/apt-got')
  return async () => {
    writeFileSync(release, before)
    await machine.run('mv', '/usr/bin/apt-got', '/usr/bin/apt-get')
  }
}

/** What apt reads of a directory of packages. */
function writeIndex(directory: string): void {
  const entries = readdirSync(directory).map((name) => {
    const file = join(directory, name)
    const control = execFileSync('dpkg-deb', ['-f', file]).toString('utf8').trimEnd()
    const digest = createHash('sha256').update(readFileSync(file)).digest('hex')
    return `${control}\nFilename: ./${name}\nSize: ${statSync(file).size}\nSHA256: ${digest}\n`
  })
  writeFileSync(join(directory, 'Packages'), entries.join('\n'))
}
