import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSpent } from '../../src/metrics/daemon-samples.ts'
import { processesOf } from '../../src/observe/process-figures.ts'

const worker = (id: string, cpuSeconds: number) => ({ id, cpuSeconds, residentBytes: 0 })

test('processor time counts from the first look, and never falls when a worker ends', () => {
  const spent = createSpent()
  assert.equal(spent([worker('master', 1), worker('old', 500)]), 0)
  assert.equal(spent([worker('master', 1), worker('old', 501), worker('new', 2)]), 3)
  assert.equal(spent([worker('master', 2), worker('new', 4)]), 6)
})

test('a process that one look has missed is not counted from its start again', () => {
  const spent = createSpent()
  spent([worker('master', 100), worker('one', 300)])
  assert.equal(spent([]), 0)
  assert.equal(spent([worker('master', 101)]), 1)
  assert.equal(spent([worker('master', 101), worker('one', 305)]), 6)
})

test('a daemon that starts after the first look is counted whole', () => {
  const spent = createSpent()
  spent([])
  assert.equal(spent([worker('master', 3)]), 3)
})

test('a process is told with its children, and one that has ended is none', () => {
  const [own] = processesOf(process.pid)
  assert.ok(own !== undefined && own.residentBytes > 10e6 && own.cpuSeconds >= 0)
  assert.match(own.id, new RegExp(`^${process.pid} \\d+$`))
  assert.deepEqual(processesOf(2 ** 22 + 1), [])
})
