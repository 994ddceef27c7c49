// Builds every package into dist/packages: .deb, .tar.zst, Flatcar sysext, with SHA256SUMS and an SBOM. `make package` calls it.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildDeb } from './deb.ts'
import type { BuildOptions } from './options.ts'
import { buildSbom } from './sbom.ts'
import { buildSysext } from './sysext.ts'
import { buildTarball } from './tarball.ts'
import { strippedNode } from './tree.ts'

const ARCHITECTURES = {
  x64: { deb: 'amd64', systemd: 'x86-64' },
  arm64: { deb: 'arm64', systemd: 'arm64' },
} as const

const out = 'dist/packages'
const work = 'dist/package-work'
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const name: BuildOptions['architecture']['name'] = process.arch === 'arm64' ? 'arm64' : 'x64'
const architecture = { name, ...ARCHITECTURES[name] }
// reproducible-builds.org: the time of the commit, unless whoever builds says another.
const timeSec = Number(process.env['SOURCE_DATE_EPOCH'] ?? execFileSync('git', ['log', '-1', '--format=%ct']))

rmSync(out, { recursive: true, force: true })
rmSync(work, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
const node = strippedNode(realpathSync('node_modules/.bin/node'), join(work, 'node'))
const options: BuildOptions = { out, work, version, architecture, timeSec, node }
for (const build of [buildDeb, buildTarball, buildSysext, buildSbom]) {
  const file = build(options)
  console.log(`${basename(file)}  ${(statSync(file).size / 1e6).toFixed(1)} MB`)
}
const sums = readdirSync(out)
  .sort()
  .map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex')}  ${name}\n`,
  )
writeFileSync(join(out, 'SHA256SUMS'), sums.join(''))
rmSync(work, { recursive: true })
