import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { packageFile } from '../support/booted-cluster.ts'
import { missingPrograms } from '../support/requirements.ts'

const MB = 1e6

suite('the packages', { skip: missingPrograms('dpkg-deb', 'mksquashfs', 'strip', 'zstd') }, () => {
  test('the same commit gives the same bytes, wherever and whenever it is built', () => {
    // On the same file system, for hard links: the bundle names its files by where they really are.
    const elsewhere = mkdtempSync(resolve('dist', 'again-'))
    try {
      const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
      for (const file of listed.toString('utf8').split('\0').filter(Boolean)) {
        mkdirSync(dirname(join(elsewhere, file)), { recursive: true })
        cpSync(file, join(elsewhere, file))
      }
      execFileSync('cp', ['-al', 'node_modules', elsewhere])
      const SOURCE_DATE_EPOCH = execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim()
      for (const script of ['build.mjs', 'packaging/build.ts'])
        execFileSync(process.execPath, [script], {
          cwd: elsewhere,
          env: { ...process.env, SOURCE_DATE_EPOCH, TZ: 'Asia/Tokyo' },
          stdio: ['ignore', 'ignore', 'inherit'],
        })
      const sums = (root: string) => readFileSync(join(root, 'dist/packages/SHA256SUMS'), 'utf8')
      assert.equal(sums(elsewhere), sums('.'), 'or dist/packages is older than this tree: make package')
    } finally {
      rmSync(elsewhere, { recursive: true, force: true })
    }
  })

  for (const [pattern, mostMb] of [
    [/\.deb$/, 40],
    [/\.raw$/, 45],
  ] as const) {
    test(`${pattern.source} has at most ${mostMb} MB`, (t) => {
      const { size } = statSync(packageFile(pattern))
      t.diagnostic(`${(size / MB).toFixed(1)} MB`)
      assert.ok(size <= mostMb * MB, `${size} bytes`)
    })
  }
})
