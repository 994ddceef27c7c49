import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from '../../src/drill/child.ts'
import type { Lab } from '../../src/drill/lab.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { exec, succeeded } from '../../src/exec.ts'
import type { Repository } from './repo.ts'

/** A real sshd on a machine of the lab that serves one repository to whoever has an allowed key. */
export type GitServer = {
  url: string
  /** `SHA256:…` of its only host key. */
  fingerprint(): string
  /** A public key that may read from now on. */
  allow(publicKey: string): void
  changeHostKey(): Promise<void>
  close(): Promise<void>
}

/** `host`: a server of the lab; `address`: its own. */
export async function startGitServer(
  lab: Lab,
  { host, address }: { host: string; address: string },
  repository: Repository,
): Promise<GitServer> {
  const directory = join(lab.directory, 'git-server')
  const [hostKey, allowed, config] = ['host_key', 'allowed', 'sshd_config'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Where sshd leaves its rights; a package's unit would make it.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  writeFileSync(allowed, '')
  const program = join(directory, 'upload-pack')
  writeFileSync(program, `#!/bin/sh\nexec git -c 'safe.directory=*' upload-pack '${repository.directory}'\n`)
  chmodSync(program, 0o755)
  writeFileSync(
    config,
    [
      ...['Port 22', `ListenAddress ${address}`, `HostKey ${hostKey}`, `AuthorizedKeysFile ${allowed}`],
      ...['UsePAM no', 'StrictModes no', 'PidFile none', 'PermitRootLogin prohibit-password'],
      ...['PasswordAuthentication no', 'MaxStartups 100', `ForceCommand ${program}`, ''],
    ].join('\n'),
  )
  makeKey(hostKey)
  let child: Child
  const start = async (): Promise<void> => {
    const argv = ['/usr/sbin/sshd', '-D', '-e', '-f', config]
    child = startChild(lab.network.namespace(host), argv, join(directory, 'sshd.log'))
    await until('sshd listens', 10_000, async () => {
      const words = ['netns', 'exec', lab.network.namespace(host), 'ssh-keyscan', '-T', '2', address]
      return succeeded(await exec('ip', words, { timeoutMs: 5_000 }))
    })
  }
  await start()
  return {
    url: `ssh://root@${address}/lb-config.git`,
    fingerprint: () => fingerprintOf(hostKey),
    allow: (publicKey) => appendFileSync(allowed, `${publicKey.trim()}\n`),
    changeHostKey: async () => {
      await child.close()
      renameSync(hostKey, `${hostKey}.before`)
      rmSync(`${hostKey}.pub`)
      makeKey(hostKey)
      await start()
    },
    close: () => child.close(),
  }
}

/** Makes an ED25519 key pair at `file` and `file`.pub. */
export function makeKey(file: string, passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', file])
}

function fingerprintOf(file: string): string {
  return /SHA256:\S+/.exec(execFileSync('ssh-keygen', ['-lf', file]).toString('utf8'))?.[0] ?? ''
}
