import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Booted } from './booted.ts'
import { packageFile, putFile, ran } from './booted-cluster.ts'
import { type BootedNode, bootNode } from './booted-node.ts'
import { type GitServer, makeKey, startGitServer } from './git-server.ts'
import { debianImage } from './image.ts'

export type NodeWithGit = BootedNode & {
  git: GitServer
  /** A public key of `/root/good`, which the git server knows, `other`, which it does not, or `locked`, which has a passphrase. */
  publicKey(name: 'good' | 'other' | 'locked'): string
}

/** A Debian with the package, keys in /root, and a git server that it reaches by ssh. */
export async function bootNodeWithGit(): Promise<NodeWithGit> {
  const node = await bootNode(await debianImage('bookworm'))
  try {
    const git = await startGitServer(node.lab, { host: 'alpha', address: '10.9.1.1' }, node.repository)
    await putPackage(node.one)
    for (const name of ['good', 'other', 'locked']) {
      const key = join(node.lab.directory, name)
      makeKey(key, name === 'locked' ? 'secret' : '')
      for (const file of [key, `${key}.pub`]) putFile(node.one, `/root/${file.split('/').at(-1)}`, { file })
    }
    const publicKey = (name: string) => readFileSync(join(node.lab.directory, `${name}.pub`), 'utf8').trim()
    git.allow(publicKey('good'))
    return { ...node, git, publicKey }
  } catch (error) {
    await node.close()
    throw error
  }
}

/** Installs the package that `make package` has built. */
export async function putPackage(machine: Booted): Promise<void> {
  putFile(machine, '/root/lb-agent.deb', { file: packageFile(/\.deb$/) })
  await machine.run('dpkg', '-i', '/root/lb-agent.deb')
}

/** All of /etc, what install keeps in the state directory, and how the units are. */
export function traces(machine: Booted): Promise<string> {
  return machine.run(
    'sh',
    '-c',
    `cd / && find etc var/lib/lb-agent/ssh var/lib/lb-agent/before-install run/lb-agent-install -printf '%p %m %u %l\\n' 2>/dev/null | sort
find etc var/lib/lb-agent/ssh var/lib/lb-agent/before-install -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum
systemctl show -p Id,ActiveState,UnitFileState,MainPID haproxy keepalived lb-agent lb-agent-drain`,
  )
}

/** Runs `words`, which is refused with these lines and leaves no trace. */
export async function isRefused(
  machine: Booted,
  words: readonly string[],
  expected: { code: number; lines: readonly (string | RegExp)[] },
): Promise<string> {
  const before = await traces(machine)
  const { code, said } = await ran(machine, ...words)
  assert.equal(code, expected.code, said)
  for (const line of expected.lines) {
    if (typeof line === 'string') assert.ok(said.split('\n').includes(line), `${line}\n--- is not in\n${said}`)
    else assert.match(said, line)
  }
  assert.match(said, /nothing was changed$/)
  assert.equal(await traces(machine), before)
  return said
}
