import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'lb-agent-init-'))
after(() => rmSync(work, { recursive: true }))

function init(...args: string[]) {
  const run = spawnSync(process.execPath, [join(ROOT, 'src/main.ts'), 'init', ...args], { encoding: 'utf8' })
  return { code: run.status, stdout: run.stdout.replaceAll(work, ''), stderr: run.stderr.replaceAll(work, '') }
}

test('init --templates puts the two built-in templates beside an lb.yaml, and never over one of its own', () => {
  const directory = join(work, 'a repository')
  assert.equal(init(directory).code, 0)
  assert.deepEqual(init(directory, '--templates'), {
    code: 0,
    stdout:
      'wrote templates/haproxy.cfg.j2, templates/keepalived.conf.j2 in /a repository\n' +
      "next: change them beside lb.yaml, delete the one that stays as it is, then: lb-agent validate '/a repository'\n",
    stderr: '',
  })
  assert.deepEqual(readdirSync(directory).sort(), ['README.md', 'lb.schema.json', 'lb.yaml', 'templates'])
  const mine = join(directory, 'templates/haproxy.cfg.j2')
  assert.equal(readFileSync(mine, 'utf8'), readFileSync(join(ROOT, 'templates/haproxy.cfg.j2'), 'utf8'))
  writeFileSync(mine, 'mine')
  rmSync(join(directory, 'templates/keepalived.conf.j2'))
  assert.deepEqual(init(directory, '--templates'), {
    code: 1,
    stdout: '',
    stderr: 'lb-agent: /a repository/templates/haproxy.cfg.j2 is there already; nothing was written\n',
  })
  assert.deepEqual(readdirSync(join(directory, 'templates')), ['haproxy.cfg.j2'])
  assert.deepEqual(init(directory), {
    code: 1,
    stdout: '',
    stderr:
      'lb-agent: /a repository/lb.yaml, /a repository/lb.schema.json, /a repository/README.md are there already; nothing was written\n',
  })
})
