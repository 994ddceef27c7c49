import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownHostOf } from '../../src/doctor/repository.ts'
import { hostKeyVerdict, keyVerdict, reachVerdict } from '../../src/doctor/verdicts/repository.ts'
import { line, mend } from '../support/verdict-line.ts'

test('the repository: no branch, a host key that nobody pinned, a key that others may read', () => {
  assert.equal(
    line(reachVerdict({ kind: 'no-branch' }, { url: 'ssh://g/x', branch: 'main' })),
    'problem: ssh://g/x answers, and has no branch main. → push it, or name another: repository.branch in agent.yaml',
  )
  assert.equal(
    line(hostKeyVerdict('[git.lan]:2222', { inFile: undefined, looked: ['/k'], addTo: '/k' })),
    'problem: The host key of [git.lan]:2222 is in none of /k: the agent never learns one by itself, so nothing is fetched. → ssh-keyscan -p 2222 git.lan >> /k, then compare: ssh-keygen -lf /k',
  )
  const user = { name: 'lb-agent', uid: 990 }
  assert.equal(
    line(keyVerdict({ path: '/k', mode: 0o100600, owner: 990 }, user, ['as'])),
    "ok: /k is lb-agent's alone.",
  )
  assert.equal(
    line(keyVerdict({ path: '/k', mode: 0o100640, owner: 990 }, user, ['as'])),
    'problem: /k has mode 0640: ssh ignores a key that others may read. → chmod 600 /k',
  )
  assert.equal(
    line(keyVerdict({ path: '/k', mode: 0o100600, owner: 0 }, user, ['as'])),
    'problem: /k belongs to root: user lb-agent, whom the agent runs as, cannot read it. → chown lb-agent: /k',
  )
  const open = { path: '/k', mode: 0o100640, owner: 990 }
  assert.deepEqual(mend(keyVerdict(open, user, ['setpriv', '--reuid=990', '--'])), [
    'setpriv --reuid=990 -- chmod 600 /k',
  ])
  assert.deepEqual(mend(keyVerdict(open, user, [])), ['chmod 600 /k'])
  assert.deepEqual(mend(keyVerdict(open, user, undefined)), [], 'not as root: the user may have put a link there')
  assert.deepEqual(mend(keyVerdict({ ...open, owner: 0 }, user, [])), [])
  assert.deepEqual(['ssh://git@git.lan/x', 'ssh://git@git.lan:2222/x', 'git@git.lan:team/x'].map(knownHostOf), [
    'git.lan',
    '[git.lan]:2222',
    'git.lan',
  ])
})
