import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const EXAMPLE = join(import.meta.dirname, '../../examples/k3s-ha')
const NO_DURATION = '--for takes a duration such as 30m, 2h or 1d'

suite('what a verb does not take', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-usage-'))
  const config = join(directory, 'agent.yaml')
  after(() => rmSync(directory, { recursive: true, force: true }))

  const call = async (...args: readonly string[]): Promise<{ code: number; out: string; error: string }> => {
    const result = await exec(process.execPath, [MAIN, ...args], { timeoutMs: 20_000 })
    assert.equal(result.kind, 'exited', JSON.stringify(result))
    const code = result.kind === 'exited' ? result.code : -1
    return { code, out: result.stdout.toString('utf8'), error: result.stderr }
  }

  const idle = (name: string): string =>
    `--${name} goes without --wait, which shows no status: its exit code says whether the conditions hold`
  for (const [words, why] of [
    [
      ['drain', '--for', '30m', '--for-shutdown'],
      '--for ends the drain by itself, --for-shutdown with the next start: give one of them',
    ],
    [['drain', '--for', '0s'], `${NO_DURATION}; 0s would be over at once`],
    [['suspend', '--for', '0s'], `${NO_DURATION}; 0s would be over at once`],
    [['suspend', '--for', 'long'], `${NO_DURATION}, not long`],
    [['status', '--for', '3s'], '--for goes with --wait'],
    [['status', '--timeout', '3s'], '--timeout goes with --wait'],
    [['status', '--wait', 'well', '--watch'], idle('watch')],
    [['status', '--wait', 'well', '--cluster'], idle('cluster')],
  ] as const)
    test(`lb-agent ${words.join(' ')} ends with 2, before anybody is asked`, async () => {
      assert.deepEqual(await call(...words, '--config', config), { code: 2, out: '', error: `lb-agent: ${why}\n` })
    })

  for (const [words, why] of [
    [['monitoring', EXAMPLE, '--rules', '--port', '0'], '--port is "0"; a port is 1-65535'],
    [['monitoring', EXAMPLE, '--rules', '--scrape'], 'monitoring prints one of --rules, --scrape and --grafana'],
  ] as const)
    test(`lb-agent monitoring ${words.slice(2).join(' ')} says which of its options is wrong`, async () => {
      assert.deepEqual(await call(...words), { code: 2, out: '', error: `lb-agent: ${why}\n` })
    })

  const nowhere = join(directory, 'nowhere')
  for (const [words, code, why] of [
    [
      ['import', nowhere],
      2,
      `${nowhere} is no directory; import takes that of an Ansible project, or one with the haproxy.cfg and keepalived.conf of each node`,
    ],
    [
      ['plan', EXAMPLE, '--config', nowhere],
      2,
      'which node? --node NAME (nodes there: k8s-api-lb, loadbalancer1, loadbalancer2)',
    ],
    [
      ['plan', EXAMPLE, '--config', nowhere, '--node', 'lb9'],
      1,
      `node lb9 is not in ${EXAMPLE}/lb.yaml; nodes there: k8s-api-lb, loadbalancer1, loadbalancer2`,
    ],
    [['rules', 'foo'], 2, 'foo is no rule; lb-agent rules lists them'],
    [['prove'], 2, 'prove PATH for lb.yaml, or prove --keepalived lb1.conf lb2.conf … for hand-written files'],
    [['drain', '--for', '0s'], 2, `${NO_DURATION}; 0s would be over at once`],
    [
      ['status', '--config', nowhere],
      3,
      `${nowhere} does not exist; it says where the repository is (see README, "agent.yaml"), or name one: --config FILE`,
    ],
  ] as const)
    test(`lb-agent ${words.join(' ')} --json says in JSON why it did nothing`, async () => {
      const said = await call(...words, '--json')
      assert.deepEqual([said.code, said.error, JSON.parse(said.out)], [code, '', { ok: false, why, problems: [] }])
    })

  test('lb-agent plan --json says in JSON which problems the file has', async () => {
    const { code, error, out } = await call('plan', nowhere, '--json')
    const message =
      'does not exist; PATH is lb.yaml or the directory that holds it, and lb-agent init DIR writes one to start from'
    const problems = [{ file: nowhere, line: 0, col: 0, message }]
    assert.deepEqual([code, error, JSON.parse(out)], [1, '', { ok: false, problems }])
  })

  test('every verb that asks the agent ends with 3 where agent.yaml is not there or is wrong', async () => {
    const wrong = join(directory, 'wrong.yaml')
    writeFileSync(wrong, 'supervisr: embedded\n')
    for (const words of [['status'], ['why', 'v'], ['sync'], ['rollback'], ['drain'], ['suspend'], ['stop']]) {
      const missing = await call(...words, '--config', config)
      assert.deepEqual(missing, {
        code: 3,
        out: '',
        error: `lb-agent: ${config} does not exist; it says where the repository is (see README, "agent.yaml"), or name one: --config FILE\n`,
      })
      const { code, error } = await call(...words, '--config', wrong)
      assert.equal(code, 3, error)
      assert.match(error, /^lb-agent: .*wrong\.yaml:1:1 {2}repository is missing;/)
    }
  })

  test('--wait waits for agent.yaml, and then for the agent', async () => {
    const late = join(directory, 'late.yaml')
    const child = spawn(process.execPath, [MAIN, 'status', '--wait', 'well', '--timeout', '20s', '--config', late])
    try {
      let told = ''
      child.stderr.on('data', (data) => {
        told += String(data)
      })
      await until('it waits for agent.yaml', 10_000, async () => /^waiting: .*late\.yaml does not exist/.test(told))
      const text = `node: a\nsupervisor: embedded\nrepository: { url: /srv/lb }\npaths: { runtime: ${directory}, state: ${directory} }\n`
      writeFileSync(late, text)
      await until('it waits for the agent', 10_000, async () => /^waiting: no agent runs on this node/m.test(told))
      assert.equal(child.exitCode, null)
    } finally {
      child.kill()
    }
  })
})
