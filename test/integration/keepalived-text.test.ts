import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { inNamespace } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { apply, type Cluster, startCluster, statusOf } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('a keepalived that was built without JSON', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  let cluster: Cluster
  let directory: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-text-'))
    const real = execFileSync('sh', ['-c', 'command -v keepalived'], { encoding: 'utf8' }).trim()
    const binary = join(directory, 'keepalived')
    writeFileSync(binary, `#!/bin/sh\n[ "$1" != --signum=JSON ] && exec ${real} "$@"\nexit 1\n`, { mode: 0o755 })
    cluster = await startCluster(
      `apply: { confirmWindow: 400ms, reloadTimeout: 6s }\nkeepalived: { binary: ${binary} }\n`,
    )
  })
  after(async () => {
    await cluster?.close()
    rmSync(directory, { recursive: true })
  })
  const log = (): string => readFileSync(join(cluster.one.directory, 'state', 'keepalived.log'), 'utf8')

  test('a change of a VIP is confirmed by its text', async () => {
    await apply(cluster, { virtualRouterId: 8 })
    const { lastPass } = await statusOf(cluster.one)
    assert.equal(lastPass?.result.kind, 'applied', JSON.stringify(lastPass))
    assert.match(log(), /Printing VRRP stats for process/)
    assert.doesNotMatch(log(), /as json/)
  })

  test('its counters and scripts are in the metrics', async () => {
    const labels = 'iname="v",intf="eth0",vrid="8"'
    await until('they are there', 10_000, async () => {
      const text = await inNamespace(cluster.lab.network.namespace('.client'), [
        ...[process.execPath, '--input-type=module', '-e'],
        "console.log(await (await fetch('http://10.9.0.1:9853/metrics')).text())",
      ])
      return (
        /\nkeepalived_script_status\{name="haproxy_serves"\} 1\n/.test(text) &&
        text.includes(`\nkeepalived_become_master_total{${labels}} `) &&
        text.includes(`\nkeepalived_gratuitous_arp_delay_total{${labels}} 1\n`)
      )
    })
  })
})
