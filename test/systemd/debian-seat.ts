import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asVersion } from '../support/another-version.ts'
import type { Booted } from '../support/booted.ts'
import { type BootedCluster, bootCluster, packageFile, putFile } from '../support/booted-cluster.ts'
import { debianImage } from '../support/image.ts'
import { THREE_NODES } from '../support/three-nodes.ts'

/** Three booted Debians on which the tests of a suite do one thing after the other. */
export type DebianSeat = {
  cluster: BootedCluster
  /** Of machine `one`, which every VIP prefers. */
  one: Booted
  /** dpkg -i on all machines at once. */
  install(file: string): Promise<void>
  /** The package that was built, as version 9.9.9. */
  nextVersion(): string
  close(): Promise<void>
}

export async function createDebianSeat(release: 'bookworm' | 'trixie'): Promise<DebianSeat> {
  const cluster = await bootCluster(await debianImage(release), THREE_NODES)
  const scratch = mkdtempSync(join(tmpdir(), 'lb-agent-deb-'))
  return {
    cluster,
    one: cluster.machine('one'),
    install: async (file) => {
      const installed = cluster.machines.map(async (machine) => {
        putFile(machine, PACKAGE, { file })
        await machine.run('dpkg', '-i', PACKAGE)
      })
      await Promise.all(installed)
    },
    nextVersion: () => nextVersion(scratch),
    close: async () => {
      rmSync(scratch, { recursive: true, force: true })
      await cluster.close()
    },
  }
}

const PACKAGE = '/root/lb-agent.deb'

/** Makes a node of the cluster out of a machine on which the package is. */
export async function setUp(machine: Booted, name: string): Promise<void> {
  await machine.run('lb-agent', 'install', '--repo', 'file:///srv/lb-config', '--node', name, '--yes')
}

function nextVersion(scratch: string): string {
  const [tree, file] = [join(scratch, 'next'), join(scratch, 'next.deb')]
  rmSync(tree, { recursive: true, force: true })
  execFileSync('dpkg-deb', ['-R', packageFile(/\.deb$/), tree])
  const control = join(tree, 'DEBIAN', 'control')
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 9.9.9'))
  const bundle = join(tree, 'usr/lib/lb-agent/lb-agent.mjs')
  writeFileSync(bundle, asVersion(readFileSync(bundle, 'utf8'), '9.9.9'))
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z1', '-b', tree, file], { stdio: 'ignore' })
  return file
}
