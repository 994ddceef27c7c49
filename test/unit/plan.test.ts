import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const CASE = join(ROOT, 'test/golden/cases/k3s-ha')

suite('plan', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-plan-'))
  after(() => rmSync(directory, { recursive: true }))
  const lbYaml = readFileSync(join(CASE, 'lb.yaml'), 'utf8')
  const run = (...args: string[]): string =>
    execFileSync(
      process.execPath,
      [
        join(ROOT, 'src/main.ts'),
        ...args,
        '--node',
        'k8s-api-lb',
        ...(args[0] === 'plan' ? ['--config', '/none'] : []),
      ],
      { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
    )
  run('render', CASE, '--out', directory)
  const changedTo = (from: string, to: string): string => {
    const changed = lbYaml.replace(from, to)
    assert.notEqual(changed, lbYaml)
    const path = join(directory, 'lb.yaml')
    writeFileSync(path, changed)
    return path
  }

  test('another virtual router id: the diff, what follows, and who takes over once all nodes have it', () => {
    const said = run('plan', changedTo('virtualRouterId: 61', 'virtualRouterId: 63'), '--from', directory)
    const place = join(directory, 'keepalived.conf')
    assert.ok(said.includes(`--- ${place} live`), said)
    assert.match(said, /^-\s+virtual_router_id 61$/m)
    const line = /keepalived\.conf:(\d+)/.exec(said)?.[1]
    const lines = said.split('\n').slice(said.split('\n').findIndex((one) => one.startsWith('keepalived is reloaded')))
    assert.deepEqual(lines.slice(0, 6), [
      'keepalived is reloaded, and where this node is MASTER of ingress it stays MASTER of it',
      `api leaves and returns after an election where this node holds it, because keepalived takes it for another instance: its virtual router id changes from 61 to 63 (keepalived.conf:${line}). The agent gives it to another node first`,
      `until all nodes have the change, those with it and those without do not hear each other, and both may hold api: the virtual router id is another one (keepalived.conf:${line})`,
      '',
      'once all nodes have it:',
      'api (10.17.5.10), ingress (10.17.5.30): k8s-api-lb holds it',
    ])
  })

  test('another order moves the VIP to the node that wins the election then', () => {
    const prefer = 'prefer: [k8s-api-lb, loadbalancer1, loadbalancer2]'
    const path = changedTo(prefer, 'prefer: [loadbalancer2, k8s-api-lb, loadbalancer1]')
    const { consequences } = JSON.parse(run('plan', path, '--from', directory, '--json'))
    assert.deepEqual(
      consequences.map(({ kind, text }: { kind: string; text: string }) => [kind, text]),
      [
        [
          'keepalived reload',
          'keepalived is reloaded, and where this node is MASTER of api, ingress it stays MASTER of them',
        ],
        [
          'vip moves',
          'api moves to loadbalancer2, unless it is there: its base priority on this node changes from 154 to 153',
        ],
      ],
    )
  })

  test('a change that this node does not see says so, with what would be if a node fails', () => {
    const said = run('plan', changedTo('cluster: ', '# a comment\ncluster: '), '--from', directory)
    assert.deepEqual(said.split('\n').slice(0, 4), [
      'nothing changes on k8s-api-lb',
      '',
      'once all nodes have it:',
      'api (10.17.5.10), ingress (10.17.5.30): k8s-api-lb holds it',
    ])
  })

  test('a node without files gets both daemons started', () => {
    const empty = join(directory, 'empty')
    cpSync(join(CASE, 'lb.yaml'), join(empty, 'lb.yaml'))
    const { consequences } = JSON.parse(run('plan', CASE, '--from', empty, '--json'))
    assert.deepEqual(
      consequences.map(({ text }: { text: string }) => text),
      [
        'haproxy is started',
        'keepalived is started',
        'each of api, ingress comes to this node; k8s-api-lb holds it once all nodes have the change',
      ],
    )
  })
})
