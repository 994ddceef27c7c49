import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sysextEntries } from '../../packaging/sysext.ts'
import { entries } from '../../packaging/tree.ts'

test('no package has a file where a system extension would hide what Flatcar has there', () => {
  // /usr/sbin is a link on Flatcar, and what is mounted below /opt breaks a merge (flatcar/Flatcar#2111).
  for (const { to } of [...entries('node'), ...sysextEntries('node', 'x86-64')]) {
    assert.match(to, /^usr\/(?:bin|lib|share)\//)
    assert.ok(!to.includes('/../'), to)
  }
})

test('the system extension is for any distribution of its architecture, and is started where it is merged', () => {
  const contents = new Map(
    sysextEntries('node', 'arm64').flatMap((entry) => ('content' in entry ? [[entry.to, entry.content]] : [])),
  )
  assert.equal(
    contents.get('usr/lib/extension-release.d/extension-release.lb-agent'),
    'ID=_any\nARCHITECTURE=arm64\nEXTENSION_RELOAD_MANAGER=1\n',
  )
  // systemd reads no drop-in without this suffix.
  assert.match(
    contents.get('usr/lib/systemd/system/multi-user.target.d/10-lb-agent.conf') ?? '',
    /^Upholds=lb-agent-setup\.service lb-agent\.service lb-agent-drain\.service$/m,
  )
})
