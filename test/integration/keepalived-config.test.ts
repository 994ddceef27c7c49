import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type Command, checkKeepalivedFile } from '../../src/daemons/check-file.ts'
import { deleteNamespaces } from '../../src/drill/ip.ts'
import { exec } from '../../src/exec.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import { RULE_TEXTS } from '../../src/rules/rule-texts.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import { meaningfulFile } from '../support/keepalived-file.ts'
import { BROKEN_TEXTS, MISTAKES } from '../support/keepalived-mistakes.ts'
import { printKeepalived } from '../support/print-keepalived.ts'
import { randomOf } from '../support/random.ts'
import { missingForDaemons } from '../support/requirements.ts'
import { writtenInstance, writtenKeepalived } from '../support/written-keepalived.ts'

/** FUZZ_SEED=n begins with the file that failed. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const FILES = 150

const ENDING: readonly [what: string, text: string][] = [
  ['one id for two instances', `${writtenKeepalived()}${writtenInstance({ name: 'w', addresses: ['10.9.0.101/32'] })}`],
  ['an instance without an id', writtenKeepalived().replace(/virtual_router_id .*/, '')],
  ['an id that is none', writtenKeepalived({ id: 300 })],
  ['an instance without an interface', writtenKeepalived().replace(/interface .*/, '')],
  ['an instance without addresses', writtenKeepalived({ addresses: [] })],
  ['a keyword without its value', writtenKeepalived().replace(/priority .*/, 'priority')],
]

suite('a keepalived.conf is refused by keepalived when it is refused here', { skip: missingForDaemons() }, () => {
  const base = mkdtempSync(join(tmpdir(), 'lb-agent-config-'))
  const namespace = `lb-conf-${process.pid}`
  // -i: what @id is compared with.
  const command: Command = ['ip', 'netns', 'exec', namespace, 'keepalived', '-i', 'lb1']
  before(async () => {
    for (const args of [
      ['netns', 'add', namespace],
      ['-n', namespace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1'],
      ['-n', namespace, 'address', 'add', '10.0.0.11/24', 'dev', 'eth0'],
      ['-n', namespace, 'link', 'set', 'eth0', 'up'],
      ['-n', namespace, 'link', 'set', 'eth1', 'up'],
    ])
      assert.equal((await exec('ip', args, { timeoutMs: 5_000 })).kind, 'exited')
  })
  after(async () => {
    await deleteNamespaces([namespace])
    rmSync(base, { recursive: true, force: true })
  })

  /** What both say of it; the same words where both say the same. */
  async function bothOn(text: string, name: string): Promise<{ keepalived: string; here: string }> {
    const file = join(base, `${name}.conf`)
    writeFileSync(file, text)
    const check = await checkKeepalivedFile(command, file)
    const { problems, unread } = readKeepalivedConfig('file', text, { configId: 'lb1', include: () => [] })
    assert.deepEqual(unread, [])
    const keepalived = check.kind === 'refused' ? check.output : check.kind === 'cannot' ? check.reason : 'accepted'
    return { keepalived, here: problems.length === 0 ? 'accepted' : problems.map(formatProblem).join('\n') }
  }

  /** Two at a time: keepalived takes some 50 ms for one. */
  async function each(count: number, look: (index: number) => Promise<void>): Promise<void> {
    const lane = async (first: number): Promise<void> => {
      for (let index = first; index < count; index += 2) await look(index)
    }
    await Promise.all([lane(0), lane(1)])
  }

  test(`${FILES} files that mean something are accepted by both (seed ${SEED})`, { timeout: 240_000 }, () =>
    each(FILES, async (index) => {
      const random = randomOf(SEED + index)
      const text = printKeepalived(meaningfulFile(random), random)
      const found = await bothOn(text, `good-${index}`)
      assert.deepEqual(found, { keepalived: 'accepted', here: 'accepted' }, `FUZZ_SEED=${SEED + index}\n${text}`)
    }),
  )

  test(`${FILES} files with one mistake in them are refused by both (seed ${SEED})`, { timeout: 240_000 }, () =>
    each(FILES, async (index) => {
      const random = randomOf(SEED + index)
      const file = meaningfulFile(random)
      const mistake = MISTAKES[(SEED + index) % MISTAKES.length]
      mistake?.plant(file, random)
      const text = printKeepalived(file, random)
      const { keepalived, here } = await bothOn(text, `bad-${index}`)
      const found = `FUZZ_SEED=${SEED + index}, ${mistake?.what}\nkeepalived: ${keepalived}\nhere: ${here}\n${text}`
      assert.ok(keepalived !== 'accepted' && here !== 'accepted', found)
    }),
  )

  test('the checks that lb-agent rules TAKEOVER prints are accepted by both', async () => {
    const checks = RULE_TEXTS.TAKEOVER.example ?? ''
    const followed = 'track_script {\nhaproxy_answers\nservers_answer\n}'
    const found = await bothOn(`${checks}${writtenInstance({ version: 3, more: `version 3\n${followed}` })}`, 'printed')
    assert.deepEqual(found, { keepalived: 'accepted', here: 'accepted' })
  })

  for (const [what, text] of ENDING)
    test(`keepalived ends at its start over ${what}, as is said here`, async () => {
      const file = join(base, 'ending.conf')
      writeFileSync(file, text)
      const { problems, fatal } = readKeepalivedConfig(file, text, { configId: 'lb1', include: () => [] })
      assert.equal(fatal.length, 1, problems.map(formatProblem).join('\n'))
      const own = ['-p', join(base, 'ending.pid'), '-r', join(base, 'ending-vrrp.pid')]
      const args = ['netns', 'exec', namespace, 'keepalived', '-n', '-l', '-f', file, ...own]
      const ended = await exec('ip', args, { timeoutMs: 10_000 })
      // KEEPALIVED_EXIT_CONFIG
      assert.deepEqual([ended.kind, ended.kind === 'exited' && ended.code], ['exited', 2])
    })

  for (const { what, broken } of BROKEN_TEXTS)
    test(`a file in which there is ${what} is refused by both`, async () => {
      const random = randomOf(SEED)
      const { keepalived, here } = await bothOn(broken(printKeepalived(meaningfulFile(random), random)), 'broken')
      assert.ok(keepalived !== 'accepted' && here !== 'accepted', `keepalived: ${keepalived}\nhere: ${here}`)
    })
})
