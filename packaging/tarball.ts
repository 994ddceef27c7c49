import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { BuildOptions } from './options.ts'
import { entries, writeTree } from './tree.ts'

/** For distributions without a package of their own: the same files, and `install` and `uninstall` beside them. */
export function buildTarball({ out, work, version, architecture, timeSec, node }: BuildOptions): string {
  const name = `lb-agent-${version}-linux-${architecture.name}`
  writeTree(
    join(work, name),
    [
      ...entries(node),
      { from: 'packaging/install', to: 'install', mode: 0o755 },
      { from: 'packaging/uninstall', to: 'uninstall', mode: 0o755 },
    ],
    timeSec,
  )
  const file = join(out, `${name}.tar.zst`)
  const reproducible = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${timeSec}`]
  execFileSync('tar', [...reproducible, '-C', work, '-I', 'zstd -9 -T1', '-cf', file, name])
  return file
}
