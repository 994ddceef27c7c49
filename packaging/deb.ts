import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildOptions } from './options.ts'
import { type Entry, entries, writeTree } from './tree.ts'

const SCRIPTS = ['postinst', 'prerm', 'postrm'] as const

export function buildDeb({ out, work, version, architecture, timeSec, node }: BuildOptions): string {
  const root = join(work, 'deb')
  const control = readFileSync('packaging/debian/control', 'utf8')
    .replace('@VERSION@', version)
    .replace('@ARCHITECTURE@', architecture.deb)
  const files: Entry[] = [
    ...entries(node),
    { to: 'DEBIAN/control', content: control },
    ...SCRIPTS.map((name) => ({ from: `packaging/debian/${name}`, to: `DEBIAN/${name}`, mode: 0o755 })),
  ]
  writeTree(root, files, timeSec)
  const file = join(out, `lb-agent_${version}_${architecture.deb}.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z9', '--build', root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(timeSec) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return file
}
