import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFifoLine } from '../../src/daemons/keepalived-fifo.ts'

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
