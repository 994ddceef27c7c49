import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { parseFifoLine } from '../../src/daemons/keepalived-fifo.ts'
import { watchFifo } from '../../src/daemons/watch-fifo.ts'
import { createSecrets } from '../../src/secrets.ts'
import { createTroubles } from '../../src/troubles.ts'
import { createWords } from '../../src/words.ts'

test('reads a state of an instance with its priority', () => {
  assert.deepEqual(parseFifoLine('INSTANCE "api" MASTER 254'), {
    kind: 'state',
    instance: 'api',
    state: 'MASTER',
    priority: 254,
  })
})

test('reads a change of priority', () => {
  assert.deepEqual(parseFifoLine('INSTANCE "api" MASTER_PRIORITY 154'), {
    kind: 'priority',
    state: 'MASTER',
    instance: 'api',
    priority: 154,
  })
})

test('reads the end of an instance', () => {
  assert.deepEqual(parseFifoLine('INSTANCE "api" STOP 0'), { kind: 'stopped', instance: 'api' })
  assert.deepEqual(parseFifoLine('INSTANCE "api" DELETED 0'), { kind: 'stopped', instance: 'api' })
})

test('ignores groups, events that are no states, and lines that are not whole', () => {
  for (const line of [
    'GROUP "g" MASTER 0',
    'INSTANCE "api" MASTER_RX_LOWER_PRI 254',
    'INSTANCE "api" MAS',
    '',
    '\u0000',
  ]) {
    assert.equal(parseFifoLine(line), undefined)
  }
})

test('a FIFO that could not be made is forgotten once keepalived has it open, without a line from it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-fifo-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'later', 'notify.fifo')
  const troubles = createTroubles(() => 0, createWords(createSecrets().hide))
  const watch = await watchFifo({
    path,
    onEvent: () => undefined,
    // This process stands for keepalived: it has the agent's own end open.
    keepalivedPid: () => process.pid,
    troubles,
    log: pino({ level: 'silent' }),
  })
  t.after(watch.close)
  assert.match(troubles.list()[0]?.text ?? '', /notify\.fifo cannot be made a FIFO: .+; states of VIPs are missed$/)
  mkdirSync(join(directory, 'later'))
  await watch.look()
  assert.deepEqual(troubles.list(), [])
})
