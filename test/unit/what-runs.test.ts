import assert from 'node:assert/strict'
import { test } from 'node:test'
import { droppedVips } from '../../src/apply/dropped-vips.ts'
import { planSteps } from '../../src/apply/plan-steps.ts'
import { digestsOf, foreignRelease, type Release, releaseId } from '../../src/apply/release.ts'
import { whatRuns } from '../../src/apply/what-runs.ts'
import { writtenKeepalived } from '../support/written-keepalived.ts'

function release(haproxy: string, keepalived = writtenKeepalived({})): Release {
  const files = { haproxy, keepalived }
  const digests = digestsOf(files)
  return {
    ...{ id: releaseId('a'.repeat(40), digests), revision: 'a'.repeat(40), digests, files },
    ...{ expectation: foreignRelease(files).expectation, renderedBy: '0.0.0', node: 'one', foreign: false },
  }
}
const reloads = (from: Release, to: Release): string[] =>
  planSteps(from, to).flatMap((step) => (step.kind === 'reload' ? [step.daemon] : []))

test('where nobody has edited a file, the daemons run what was applied', () => {
  const from = release('a')
  assert.deepEqual(whatRuns(from, from.files), from)
})

test('a daemon whose file was edited or taken away reads the next release, although its own file stays as it was', () => {
  const [from, to] = [release('a'), release('b')]
  const edited = { ...from.files, keepalived: writtenKeepalived({ id: 99 }) }
  assert.deepEqual(reloads(from, to), ['haproxy'])
  assert.deepEqual(reloads(whatRuns(from, edited), to), ['haproxy', 'keepalived'])
  assert.deepEqual(reloads(whatRuns(from, { ...from.files, haproxy: undefined }), from), ['haproxy'])
})

test('what keepalived would drop is told by the file that it may run', () => {
  const from = release('a')
  const edited = { ...from.files, keepalived: writtenKeepalived({ id: 99 }) }
  assert.deepEqual(droppedVips(whatRuns(from, edited), release('b')), [
    { vip: 'v', apart: true, why: 'its virtual router id changes from 99 to 7' },
  ])
})
