import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseProcesses } from '../../src/daemons/haproxy-processes.ts'

// Printed by HAProxy 2.6.12.
const AFTER_A_RELOAD = `#<PID>          <type>          <reloads>       <uptime>        <version>
1162            master          5 [failed: 1]   0d00h02m07s     2.6.12-1+deb12u3
# workers
1271            worker          0               0d00h00m00s     2.6.12-1+deb12u3
# old workers
1233            worker          1               0d00h00m43s     2.6.12-1+deb12u3
1220            worker          2               0d00h01m03s     2.6.12-1+deb12u3
# programs

`

test('counts the old workers, and the reloads that failed', () => {
  assert.deepEqual(parseProcesses(AFTER_A_RELOAD), { failedReloads: 1, oldWorkers: 2 })
})

test('a master that was never reloaded has none', () => {
  const text = AFTER_A_RELOAD.replace('[failed: 1]', '[failed: 0]').replace(/# old workers\n(?:\d.*\n)+/, '')
  assert.deepEqual(parseProcesses(text), { failedReloads: 0, oldWorkers: 0 })
})
