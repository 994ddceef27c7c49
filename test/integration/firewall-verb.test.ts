import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { exec } from '../../src/exec.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const EXAMPLE = join(import.meta.dirname, '../../examples/k3s-ha')

suite('lb-agent firewall', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-firewall-'))
  const config = join(directory, 'agent.yaml')
  after(() => rmSync(directory, { recursive: true, force: true }))

  const call = async (...args: readonly string[]): Promise<{ code: number; out: string; error: string }> => {
    const result = await exec(process.execPath, [MAIN, 'firewall', ...args, '--config', config], { timeoutMs: 20_000 })
    assert.equal(result.kind, 'exited', JSON.stringify(result))
    const code = result.kind === 'exited' ? result.code : -1
    return { code, out: result.stdout.toString('utf8'), error: result.stderr }
  }

  test('asks for a node where there is no agent.yaml, and names those of lb.yaml', async () => {
    const nodes = 'k8s-api-lb, loadbalancer1, loadbalancer2'
    assert.deepEqual(await call(EXAMPLE), {
      code: 2,
      out: '',
      error: `lb-agent: which node? --node NAME (nodes there: ${nodes})\n`,
    })
    assert.deepEqual(await call(EXAMPLE, '--node', 'lb9'), {
      code: 1,
      out: '',
      error: `lb-agent: node lb9 is not in ${EXAMPLE}/lb.yaml; nodes there: ${nodes}\n`,
    })
  })

  test('prints nothing for words that it does not know, and nothing for an lb.yaml with problems', async () => {
    const { code, out, error } = await call(EXAMPLE, '--node', 'k8s-api-lb', '--port', 'x', '--scraper', 'y')
    assert.deepEqual({ code, out }, { code: 2, out: '' })
    assert.match(error, /^lb-agent: --port is "x"; a port is 1-65535\nlb-agent: --scraper is "y"; a scraper is /)
    const broken = join(directory, 'lb.yaml')
    writeFileSync(broken, 'version: 2\n')
    const problems = await call(broken, '--node', 'a')
    assert.equal(problems.code, 1)
    assert.match(problems.out, /lb\.yaml:1:10 {2}version is 2; /)
  })

  test('takes node and port of agent.yaml; scrapers may be given one by one', async () => {
    writeFileSync(config, 'node: loadbalancer2\nrepository: { url: /srv/lb }\nhttp: { listen: "0.0.0.0:9900" }\n')
    const { code, out } = await call(EXAMPLE, '--scraper', '10.0.0.5', '--scraper', '10.0.0.6,10.0.0.7')
    assert.equal(code, 0)
    const line = 'lb-agent firewall PATH --node loadbalancer2 --port 9900 --scraper 10.0.0.5,10.0.0.6,10.0.0.7'
    assert.equal(out.split('\n')[1], `#     ${line}`)
    assert.match(out, /\n {8}tcp dport 9900 drop\n/)
  })
})
