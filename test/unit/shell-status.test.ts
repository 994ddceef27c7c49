import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { alwaysEndsBadly } from '../../src/proof/shell-status.ts'

/** `ask` never gets an answer; of other commands nothing is known, but `die` ends the script badly. */
const BADLY: readonly string[] = [
  'ask',
  'ask || exit 1',
  'ask >/dev/null 2>&1 || exit 1\nexit 0',
  'ask && exit 0; exit 1',
  '/usr/bin/timeout 2 ask',
  'exec ask',
  'ask; exit $?',
  'ask\n[ $? -eq 0 ] || exit 1',
  'ask\nif [ "$?" -ne "0" ]; then\n  echo "no answer" >&2\n  exit 2\nfi\nexit 0',
  'if ask; then exit 0; else exit 1; fi',
  'if ! ask; then\n  systemctl restart haproxy\n  sleep 2\n  ask || exit 1\nfi',
  'if ! ask; then die; fi\nexit 0',
  'fail() {\n  echo "*** $*" 1>&2\n  exit 1\n}\nask || fail "no answer"\nif ip addr | grep -q 10.0.0.10; then\n  other || fail\nfi',
  'function check {\n  ask && return 0\n  return 1\n}\ncheck',
  'for i in 1 2 3; do\n  ask && exit 0\n  sleep 1\ndone\nexit 1',
  'pidof haproxy || exit 1\nask',
  'pidof haproxy && ask',
  '{ ask; } || { echo no; exit 1; }',
  '(ask) 2>/dev/null || exit 1',
  'set -e\nask\nother\nexit 0',
  'ask | grep -q UP',
  "bash -c 'ask || exit 1'",
  'code=$(ask)\n[ "$code" = 200 ] || exit 1',
  'code="$(ask)"\nif [ "$code" != "200" ]; then exit 1; fi\nexit 0',
  'if [ "$(ask)" -ne 200 ]; then exit 1; fi; exit 0',
]
const PERHAPS: readonly string[] = [
  'if [[ "$(ask)" == "200" && -e /run/haproxy.pid ]]; then exit 0; fi; ask',
  'other',
  'ask || true',
  'ask || other',
  'ask; exit 0',
  '! ask',
  'pidof haproxy || ask',
  'pidof haproxy && exit 0\nask',
  'ip addr | grep -q 10.0.0.10 || exit 0\nask || exit 1',
  'if ip addr | grep -q 10.0.0.10; then\n  ask || exit 1\nfi',
  'if ask; then exit 1; fi',
  'fail() { echo no; }\nask || fail',
  'case $1 in a) ask;; esac',
  'ask &\nwait',
  'cat <<EOF\nx\nEOF\nask',
  '. /etc/default/check\nask',
  'ask | other',
  'code=$(ask)\ncode=200\n[ "$code" = 200 ] || exit 1',
  '[ "$(ask)" = 000 ]',
  'import requests\nrequests.get(ask)',
  'ask "unclosed',
  'if ask; then',
  'while ask; do sleep 1; done; exit $code',
]

describe('a script whose question is never answered', () => {
  const verdictOf = (command: string) =>
    /^ask\b/.test(command) ? 'fails' : command === 'die' ? 'ends the script badly' : undefined
  for (const script of BADLY)
    test(`always ends badly: ${JSON.stringify(script)}`, () => assert.equal(alwaysEndsBadly(script, verdictOf), true))
  for (const script of PERHAPS)
    test(`may end well, or is not understood: ${JSON.stringify(script)}`, () =>
      assert.equal(alwaysEndsBadly(script, verdictOf), false))
})

test('a long script of many brackets takes no long time', () => {
  for (const text of ['('.repeat(19_000), '$('.repeat(9_000), '"$('.repeat(6_000), 'if '.repeat(6_000)])
    assert.equal(
      alwaysEndsBadly(text, () => 'fails'),
      false,
    )
})
