import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { planFrom } from '../../src/cli/plan-from.ts'
import type { AgentConfig } from '../../src/spec/agent-config.ts'
import { parseAgentConfig } from '../../src/spec/parse-agent-config.ts'

suite('what a plan starts from', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-plan-'))
  after(() => rmSync(directory, { recursive: true }))
  const state = join(directory, 'state')
  const [first, second, third] = ['aaaa00000000-11111111', 'aaaa00000000-22222222', 'bbbb00000000-33333333'] as const
  for (const [age, id] of [third, second, first].entries()) {
    mkdirSync(join(state, 'releases', id), { recursive: true })
    utimesSync(join(state, 'releases', id), 1_000 - age, 1_000 - age)
  }
  writeFileSync(
    join(state, 'state.json'),
    JSON.stringify({ applied: { release: third, revision: 'b', atMs: 0 }, previous: second, rejected: [] }),
  )
  const config = configIn(state)
  const pair = (release: string): object => ({
    kind: 'from',
    from: {
      haproxy: join(state, 'releases', release, 'haproxy.cfg'),
      keepalived: join(state, 'releases', release, 'keepalived.conf'),
      release,
    },
  })

  test('the live files, unless something is named', () => {
    assert.deepEqual(planFrom(undefined, undefined), {
      kind: 'from',
      from: { haproxy: '/etc/haproxy/haproxy.cfg', keepalived: '/etc/keepalived/keepalived.conf', release: undefined },
    })
    assert.deepEqual(planFrom(undefined, config), {
      kind: 'from',
      from: { haproxy: '/etc/haproxy/haproxy.cfg', keepalived: '/etc/keepalived/keepalived.conf', release: undefined },
    })
  })

  test('a directory with neither file is no empty node', () => {
    assert.deepEqual(planFrom(directory, undefined), {
      kind: 'unknown',
      reason: `${directory} has neither haproxy.cfg nor keepalived.conf; --from takes a directory with one node's files under these names, or a release (without --from: the live files)`,
    })
  })

  test('a directory with a pair, or with one of the two, where a note says which is not there', () => {
    const files = { haproxy: join(directory, 'haproxy.cfg'), keepalived: join(directory, 'keepalived.conf') }
    const from = { ...files, release: undefined }
    writeFileSync(files.haproxy, '')
    assert.deepEqual(planFrom(directory, undefined), {
      kind: 'from',
      from: {
        ...from,
        note: `${directory} has no keepalived.conf, so the plan takes the node to run no keepalived; if it does, copy its keepalived.conf there`,
      },
    })
    writeFileSync(files.keepalived, '')
    assert.deepEqual(planFrom(directory, undefined), { kind: 'from', from })
    rmSync(files.haproxy)
    assert.deepEqual(planFrom(directory, undefined), {
      kind: 'from',
      from: {
        ...from,
        note: `${directory} has no haproxy.cfg, so the plan takes the node to run no HAProxy; if it does, copy its haproxy.cfg there`,
      },
    })
  })

  test('a stored release by its id, by the beginning of it, and as applied or previous', () => {
    assert.deepEqual(planFrom(first, config), pair(first))
    assert.deepEqual(planFrom('bbbb', config), pair(third))
    assert.deepEqual(planFrom('applied', config), pair(third))
    assert.deepEqual(planFrom('previous', config), pair(second))
  })

  test('what is not there, or may be several, is answered with what there is', () => {
    const reasonFor = (from: string, known: AgentConfig | undefined = config): string => {
      const found = planFrom(from, known)
      return found.kind === 'unknown' ? found.reason : 'found'
    }
    assert.equal(reasonFor('aaaa'), `--from aaaa may mean ${second} or ${first}; give more of it`)
    assert.equal(
      reasonFor('cccc'),
      `cccc is no directory, and no release of this node; newest first there are ${third}, ${second}, ${first}; or say applied, or previous`,
    )
    assert.equal(
      reasonFor('cccc', configIn(join(directory, 'empty'))),
      `cccc is no directory, and this node has stored no release yet (${join(directory, 'empty', 'releases')}); --from takes a directory with haproxy.cfg and keepalived.conf, or a release`,
    )
    const without = planFrom('cccc', undefined)
    assert.equal(
      without.kind === 'unknown' ? without.reason : '',
      'cccc is no directory with haproxy.cfg and keepalived.conf, and there is no agent.yaml here that would say where releases are stored (--config)',
    )
  })
})

function configIn(state: string): AgentConfig {
  const text = `repository: { url: "ssh://git@git.lan/lb.git" }\npaths: { state: ${state} }\n`
  const parsed = parseAgentConfig(text, 'agent.yaml', { hostname: 'one' })
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return parsed.config
}
