// What a scrape takes and costs, without HAProxy's figures (metrics: { haproxy: builtin }) and with them (agent).
//   npm run bench:scrape
// On a machine with other work the times are that work's: beside each is what an answer of one line took in the same minute.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace } from '../../src/drill/ip.ts'
import { createLab } from '../../src/drill/lab.ts'
import { createLabAgents, until } from '../../src/drill/lab-agents.ts'
import { createLabRepository } from '../../src/drill/lab-repository.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'

const SERVERS = 10
/** Requests per second: the client asks every service every 5 ms. */
const EVERY_MS = 5
const IDLE_MS = 10_000
const SCRAPES = 200
const USER_HZ = 100

const ASK = `
  const took = { metrics: [], nothing: [] }
  let bytes = 0
  for (let round = 0; round < ${SCRAPES}; round += 1) {
    for (const path of Object.keys(took)) {
      const startedAt = performance.now()
      const body = await (await fetch('http://10.9.0.1:9853/' + path)).arrayBuffer()
      took[path].push(performance.now() - startedAt)
      bytes = Math.max(bytes, body.byteLength)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  console.log(JSON.stringify({ bytes, took }))
`

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('bench:scrape builds network namespaces, which needs root')
  for (const [services, underLoad, haproxy] of [
    [10, true, 'builtin'],
    [10, true, 'agent'],
    [100, false, 'builtin'],
    [100, false, 'agent'],
  ] as const)
    await measure(services, underLoad, haproxy)
}

async function measure(services: number, underLoad: boolean, haproxy: 'builtin' | 'agent'): Promise<void> {
  const text = specText(services)
  const parsed = parseSpec(text, 'lb.yaml')
  if (parsed.kind !== 'spec') throw new Error(JSON.stringify(parsed.problems))
  const lab = await createLab(parsed.spec)
  try {
    const repository = await createLabRepository(lab.directory)
    await repository.commit({ 'lb.yaml': text }, 'Many servers')
    const settings = `metrics: { haproxy: ${haproxy} }\n`
    const [agent] = createLabAgents(lab, ['one'], { repositoryUrl: repository.url, settings })
    agent?.start()
    await until('all is well', 60_000, async () => (await agent?.status())?.headline.well === true)
    const pid = (await agent?.status())?.agent.pid ?? 0
    console.log(`${services} services of ${SERVERS} servers, metrics: { haproxy: ${haproxy} }`)

    const before = cpuTicks(pid)
    await sleep(IDLE_MS)
    const share = (100 * (cpuTicks(pid) - before)) / USER_HZ / (IDLE_MS / 1000)
    console.log(`  idle: ${share.toFixed(1)} % of a core, ${residentMb(pid)} MB`)

    const client = underLoad ? lab.startClient(EVERY_MS) : undefined
    const startedAt = performance.now()
    const argv = [process.execPath, '--input-type=module', '-e', ASK]
    const asked = JSON.parse(await inNamespace(lab.network.namespace('.client'), argv, 300_000))
    const seconds = (performance.now() - startedAt) / 1000
    const report = await client?.report()
    const sent = Object.values(report ?? {}).reduce((total, window) => total + (window?.sent ?? 0), 0)
    await client?.close()
    console.log(
      `  ${Math.round(sent / seconds)} requests per second, scrape of ${asked.bytes} bytes, ${residentMb(pid)} MB`,
    )
    for (const [path, took] of Object.entries<number[]>(asked.took)) console.log(`  GET /${path}: ${percentiles(took)}`)
  } finally {
    await lab.close()
  }
}

/** All services have the same servers, so that the lab needs no thousand namespaces. */
function specText(services: number): string {
  const list = (count: number, line: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => line(at)).join('')
  return `version: 1
cluster: bench
nodes: { one: { address: 10.9.0.1, interface: eth0 }, two: { address: 10.9.0.2, interface: eth0 } }
vips: { v: { address: 10.9.0.100, virtualRouterId: 7, prefer: [one, two] } }
pools:
  web:
${list(SERVERS, (at) => `    server${at}: 10.9.1.${at + 1}\n`)}services:
${list(services, (at) => `  service${at}: { vip: v, port: ${8000 + at}, pool: web, serverPort: 80 }\n`)}`
}

function percentiles(took: readonly number[]): string {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms`
}

/** User and system time of a process (proc_pid_stat(5), fields 14 and 15). */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function residentMb(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
}

await main()
