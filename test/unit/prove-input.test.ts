import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { HAPROXY, keepalivedOf } from '../support/edited-pair.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const directory = mkdtempSync(join(tmpdir(), 'lb-agent-prove-'))
after(() => rmSync(directory, { recursive: true }))
for (const node of ['lb1', 'lb2'] as const) {
  mkdirSync(join(directory, node))
  writeFileSync(join(directory, node, 'keepalived.conf'), keepalivedOf(node))
}
writeFileSync(join(directory, 'haproxy.cfg'), HAPROXY)
const PAIR = ['--keepalived', 'lb1/keepalived.conf', 'lb2/keepalived.conf']

function prove(...args: string[]): { code: number | null; said: string[] } {
  const options = { encoding: 'utf8', cwd: directory, env: { ...process.env, NO_COLOR: '1' } } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'prove', ...args], options)
  return { code: status, said: `${stderr}${stdout}`.trimEnd().split('\n') }
}

describe('what prove is given instead of what it wants', () => {
  const cases: readonly { given: string; args: string[]; code: number; says: string }[] = [
    {
      given: 'a directory',
      args: ['--keepalived', 'lb1', 'lb2/keepalived.conf'],
      code: 1,
      says: 'lb1  is a directory; --keepalived takes the keepalived.conf of each node: lb1/keepalived.conf',
    },
    {
      given: 'a file that is not there',
      args: ['--keepalived', 'lb3/keepalived.conf'],
      code: 1,
      says: 'lb3/keepalived.conf  does not exist; --keepalived takes the keepalived.conf of each node',
    },
    {
      given: 'an haproxy.cfg as a keepalived.conf',
      args: ['--keepalived', 'haproxy.cfg'],
      code: 1,
      says: 'haproxy.cfg  looks like an haproxy.cfg; --keepalived takes the keepalived.conf of each node',
    },
    {
      given: 'a keepalived.conf as an haproxy.cfg',
      args: [...PAIR, '--haproxy', 'lb1/keepalived.conf'],
      code: 1,
      says: 'lb1/keepalived.conf  looks like a keepalived.conf; --haproxy takes the haproxy.cfg of each node',
    },
    {
      given: 'more haproxy.cfg than one, and not one of each node',
      args: [...PAIR, 'lb1/keepalived.conf', '--haproxy', 'haproxy.cfg', 'haproxy.cfg'],
      code: 2,
      says: 'lb-agent: 2 haproxy.cfg for 3 keepalived.conf; --haproxy takes one for all nodes, or one of each node in the same order',
    },
    {
      given: 'a directory of hand-written files',
      args: ['.'],
      code: 1,
      says: 'lb.yaml  does not exist, and there are hand-written files: lb-agent prove --keepalived lb1/keepalived.conf lb2/keepalived.conf',
    },
  ]
  for (const { given, args, code, says } of cases)
    test(`${given} is named`, () => {
      const answer = prove(...args)
      assert.deepEqual([answer.code, answer.said[0]], [code, says])
    })
})

test('places for GitHub are relative to where the program was started, however the files were named', () => {
  const tied = keepalivedOf('lb2').replace('priority 100', 'priority 110')
  writeFileSync(join(directory, 'tied.conf'), tied)
  const { said } = prove(
    '--format',
    'github',
    '--keepalived',
    './lb1/../lb1/keepalived.conf',
    join(directory, 'tied.conf'),
  )
  const tie = said.find((line) => line.includes('title=TIE'))
  assert.match(tie ?? '', /^::warning file=lb1\/keepalived\.conf,line=14,.*\(see also tied\.conf:14\)$/)
})
