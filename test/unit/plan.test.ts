import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const CASE = join(ROOT, 'test/golden/cases/k3s-ha')

suite('plan', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-plan-'))
  after(() => rmSync(directory, { recursive: true }))
  const lbYaml = readFileSync(join(CASE, 'lb.yaml'), 'utf8')
  const runAll = (...args: string[]) =>
    spawnSync(process.execPath, [join(ROOT, 'src/main.ts'), ...args, '--node', 'k8s-api-lb'], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    })
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = runAll(...args, ...(args[0] === 'plan' ? ['--config', '/none'] : []))
    assert.deepEqual([status, stderr], [0, ''])
    return stdout
  }
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
    const [first, ...lines] = said.split('\n')
    assert.equal(first, 'on k8s-api-lb: keepalived.conf +1 -1 lines')
    const line = /keepalived\.conf:(\d+)/.exec(said)?.[1]
    assert.deepEqual(lines.slice(0, 4), [
      'keepalived is reloaded, and where this node is MASTER of ingress it stays MASTER of it',
      `api leaves and returns after an election where this node holds it, because keepalived takes it for another instance: its virtual router id changes from 61 to 63 (keepalived.conf:${line}). The agent gives it to another node first`,
      `until all nodes have the change, those with it and those without do not hear each other, and both may hold api: the virtual router id is another one (keepalived.conf:${line})`,
      '',
    ])
    assert.match(said, new RegExp(`^--- ${place}\\s+from$`, 'm'))
    assert.match(said, /^-\s+virtual_router_id 61$/m)
    const after = lines.slice(lines.indexOf('once all nodes have it:'))
    assert.equal(after[1], 'api (10.17.5.10), ingress (10.17.5.30): k8s-api-lb holds it')
    assert.equal(lines.at(-2), '0 errors, 0 warnings, 1 note, 1 accepted')
  })

  test('without the diff it is what follows alone', () => {
    const path = changedTo('virtualRouterId: 61', 'virtualRouterId: 63')
    const said = run('plan', path, '--from', directory, '--no-diff')
    assert.doesNotMatch(said, /^[-+]{3} /m)
    const { changes } = JSON.parse(run('plan', path, '--from', directory, '--no-diff', '--json'))
    assert.deepEqual(changes, [
      {
        ...{ file: join(directory, 'keepalived.conf'), daemon: 'keepalived', added: 1, removed: 1 },
        consequence: 'keepalived is reloaded',
      },
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
          'api moves to loadbalancer2, unless loadbalancer2 holds it already (the files of this node do not say who does): its base priority on this node changes from 154 to 153',
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
    const config = join(directory, 'agent.yaml')
    const files = `haproxyConfig: ${directory}/none/haproxy.cfg, keepalivedConfig: ${directory}/none/keepalived.conf`
    writeFileSync(config, `repository: { url: /srv/lb }\npaths: { ${files} }\n`)
    const { stdout } = runAll('plan', CASE, '--config', config, '--json')
    const { consequences } = JSON.parse(stdout)
    assert.deepEqual(
      consequences.map(({ text }: { text: string }) => text),
      [
        'haproxy is started',
        'keepalived is started',
        'each of api, ingress comes to this node; k8s-api-lb holds it once all nodes have the change',
      ],
    )
  })

  test('a directory without haproxy.cfg says that it is not there, before haproxy is started', () => {
    const alone = join(directory, 'alone')
    mkdirSync(alone)
    copyFileSync(join(directory, 'keepalived.conf'), join(alone, 'keepalived.conf'))
    const note = `${alone} has no haproxy.cfg, so the plan takes the node to run no HAProxy; if it does, copy its haproxy.cfg there`
    const [summary, ...lines] = run('plan', CASE, '--from', alone, '--no-diff').split('\n')
    assert.match(summary ?? '', /^on k8s-api-lb: haproxy\.cfg \+\d+ -0 lines$/)
    assert.deepEqual(lines.slice(0, 3), [note, 'haproxy is started', ''])
    assert.equal(JSON.parse(run('plan', CASE, '--from', alone, '--json')).from.note, note)
  })

  test('what cannot fail over is told, and that the agents would reject it, with exit code 1', () => {
    const repository = join(directory, 'cannot-fail-over')
    mkdirSync(join(repository, 'templates'), { recursive: true })
    writeFileSync(join(repository, 'lb.yaml'), lbYaml)
    const template = readFileSync(join(ROOT, 'templates/keepalived.conf.j2'), 'utf8')
    const deaf = template.replace(/ {4}track_file \{\n {8}gate[\s\S]*?\}\n {4}track_script \{[\s\S]*?\}\n/, '')
    assert.notEqual(deaf, template)
    writeFileSync(join(repository, 'templates/keepalived.conf.j2'), deaf)
    const { status, stdout } = runAll('plan', repository, '--config', '/none', '--from', directory)
    assert.equal(status, 1)
    assert.match(stdout, /^error TAKEOVER {2}/m)
    assert.equal(
      stdout.trimEnd().split('\n').at(-1),
      'the agents would reject this revision, and go on with what they run',
    )
    const json = runAll('plan', repository, '--config', '/none', '--from', directory, '--json')
    const { ok, findings } = JSON.parse(json.stdout)
    assert.deepEqual([json.status, ok, findings[0].rule], [1, false, 'TAKEOVER'])
  })
})
