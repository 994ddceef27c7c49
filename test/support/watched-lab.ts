import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DrillContext } from '../../src/drill/context.ts'
import { createLab, type Lab } from '../../src/drill/lab.ts'
import { startCluster } from '../../src/drill/run-drill.ts'
import { exec, succeeded } from '../../src/exec.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'

/** Three balancers with two VIPs, each at home on another one, and a Prometheus that watches them. */
export type WatchedLab = {
  context: DrillContext
  prometheus: Prometheus
  /** A daemon that dies now does not come up again, on any node, until the returned function is called. */
  keepDown(daemon: 'haproxy' | 'keepalived'): () => void
  close(): Promise<void>
}

/** Like examples/k3s-ha, but small. */
export const LB_YAML = `version: 1
cluster: lab
nodes:
  lb1: { address: 10.9.0.1, interface: eth0 }
  lb2: { address: 10.9.0.2, interface: eth0 }
  lb3: { address: 10.9.0.3, interface: eth0 }
vips:
  api: { address: 10.9.0.100, virtualRouterId: 61, prefer: [lb1, lb2, lb3] }
  ingress: { address: 10.9.0.101, virtualRouterId: 62, prefer: [lb2, lb3, lb1] }
pools:
  masters: { master1: 10.9.1.1, master2: 10.9.1.2 }
  workers: { worker1: 10.9.2.1, worker2: 10.9.2.2 }
services:
  kubernetes-api: { vip: api, port: 6443, pool: masters, profile: kubernetes-api, check: { type: https, path: /readyz, interval: 300ms } }
  ingress-http: { vip: ingress, port: 80, pool: workers, check: { type: tcp, interval: 300ms } }
`

export async function startWatchedLab(): Promise<WatchedLab> {
  const parsed = parseSpec(LB_YAML, 'lb.yaml')
  assert.ok(parsed.kind === 'spec')
  const { spec } = parsed
  const ending = new AbortController()
  const lab = await createLab(spec)
  let context: DrillContext | undefined
  const close = async (): Promise<void> => {
    ending.abort()
    context?.holders.close()
    await context?.client.close()
    await lab.close()
  }
  try {
    const settings = `apply: { confirmWindow: 1500ms }\n${stoppable(lab, 'haproxy')}${stoppable(lab, 'keepalived')}`
    const options = { spec, text: LB_YAML, files: {}, everyMs: 50, settings, onStep: () => undefined }
    const [started, prometheus] = await Promise.all([startCluster(lab, options, ending.signal), watch(lab)])
    context = started
    return {
      context: started,
      prometheus,
      keepDown: (daemon) => {
        writeFileSync(downFile(lab, daemon), '')
        return () => rmSync(downFile(lab, daemon))
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What users get is what is tested: the program itself prints what Prometheus reads. */
async function watch(lab: Lab): Promise<Prometheus> {
  const file = join(lab.directory, 'lb.yaml')
  writeFileSync(file, LB_YAML)
  return await startPrometheus(lab, await print(lab, file, '--scrape'), await print(lab, file, '--rules'))
}

/** What `lb-agent monitoring` prints. */
export async function print({ program }: Lab, path: string, option: string): Promise<string> {
  const printed = await exec(program.node, [program.bundle, 'monitoring', path, option], { timeoutMs: 20_000 })
  assert.ok(succeeded(printed), printed.stderr)
  return printed.stdout.toString('utf8')
}

/** Lines of agent.yaml: a binary that refuses to start while there is a file. */
function stoppable(lab: Lab, daemon: 'haproxy' | 'keepalived'): string {
  const directory = join(lab.directory, 'daemons')
  mkdirSync(directory, { recursive: true })
  const binary = join(directory, daemon)
  writeFileSync(binary, `#!/bin/sh\n[ ! -e ${downFile(lab, daemon)} ] && exec ${daemon} "$@"\nexit 1\n`)
  chmodSync(binary, 0o755)
  return `${daemon}: { binary: "${binary}" }\n`
}

function downFile(lab: Lab, daemon: 'haproxy' | 'keepalived'): string {
  return join(lab.directory, `${daemon}.down`)
}
