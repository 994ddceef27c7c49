import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Client } from '../../src/drill/client.ts'
import { createLab, type Lab } from '../../src/drill/lab.ts'
import { until } from '../../src/drill/lab-agents.ts'
import type { Window } from '../../src/drill/statistics.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import type { Status } from '../../src/status.ts'
import { parseEvent, type TimelineEvent } from '../../src/timeline/event.ts'
import { type Booted, boot } from './booted.ts'
import { removeBootedLeftovers } from './booted-leftovers.ts'
import { createRepository, type Repository } from './repo.ts'

/** Booted machines, one for each node of a spec, their servers, a client that never stops asking, and a repository that all see. */
export type BootedCluster = {
  lab: Lab
  repository: Repository
  machines: readonly Booted[]
  machine(name: string): Booted
  client: Client
  /** For each VIP the nodes that have it, with commas between. */
  holders(): Promise<string[]>
  /** Waits until this node alone has every VIP. */
  isHeldBy(node: string): Promise<void>
  /** What the client saw of all services since `client.mark()`. */
  seen(): Promise<Pick<Window, 'sent' | 'failed' | 'longestGapMs'> & { said: string }>
  close(): Promise<void>
}

/** `text`: lb.yaml, which is the first commit. `prepare` changes a machine before its first boot. */
export async function bootCluster(
  image: string,
  text: string,
  prepare: (root: string, name: string) => void = () => undefined,
): Promise<BootedCluster> {
  const parsed = parseSpec(text, 'lb.yaml')
  assert.ok(parsed.kind === 'spec', JSON.stringify(parsed))
  await removeBootedLeftovers()
  const repository = createRepository()
  const machines: Booted[] = []
  let lab: Lab | undefined
  let client: Client | undefined
  const close = async (): Promise<void> => {
    await client?.close()
    // The lab goes last, whatever a machine does: it ends what is left in their namespaces.
    const closed = await Promise.allSettled(machines.map((machine) => machine.close()))
    repository.close()
    await lab?.close()
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason
  }
  try {
    repository.commit({ 'lb.yaml': text }, 'Describe the cluster')
    readable(repository)
    const made = await createLab(parsed.spec)
    lab = made
    const booting = parsed.spec.nodes.map(({ name }) =>
      boot({
        ...{ image, name, namespace: made.network.namespace(name) },
        directory: join(made.directory, 'machines', name),
        binds: { '/srv/lb-config': repository.directory },
        prepare: (root) => prepare(root, name),
      }),
    )
    // Also those that boot after another one failed are to be closed.
    const outcomes = await Promise.allSettled(booting)
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') machines.push(outcome.value)
    await Promise.all(booting)
    const asking = made.startClient(10)
    client = asking
    const holders = (): Promise<string[]> =>
      Promise.all(parsed.spec.vips.map(async ({ address }) => (await made.holdersOf(address)).join()))
    const machine = (name: string): Booted => {
      const found = machines.find((one) => one.name === name)
      assert.ok(found !== undefined, name)
      return found
    }
    return {
      ...{ lab: made, repository, machines, machine, client: asking, holders, close },
      isHeldBy: (node) =>
        until(`${node} holds every VIP`, HELD_WITHIN_MS, async () => {
          return (await holders()).every((held) => held === node)
        }).catch(withLastWords(machine(node))),
      seen: () => seenOfAll(asking),
    }
  } catch (error) {
    await close()
    throw error
  }
}

const HELD_WITHIN_MS = 30_000

async function seenOfAll(client: Client): ReturnType<BootedCluster['seen']> {
  const report = await client.report()
  const windows = Object.values(report)
  return {
    sent: windows.reduce((sum, { sent }) => sum + sent, 0),
    failed: windows.reduce((sum, { failed }) => sum + failed, 0),
    longestGapMs: Math.max(...windows.map(({ longestGapMs }) => longestGapMs)),
    said: Object.entries(report)
      .map(([name, { sent, failed, longestGapMs, failures }]) =>
        [`${name}: ${failed} of ${sent} failed`, JSON.stringify(failures), `longest gap ${longestGapMs} ms`].join(', '),
      )
      .join('; '),
  }
}

/** Fails unless the client has an answer to each of some sixty requests, from now on. */
export async function losesNothing(cluster: BootedCluster): Promise<void> {
  await cluster.client.mark()
  await until('requests are answered', 5_000, async () => (await cluster.seen()).sent > 60)
  const { failed, said } = await cluster.seen()
  assert.equal(failed, 0, said)
}

/** The agent's own user reads it. */
export function readable({ directory }: Repository): void {
  execFileSync('chmod', ['-R', 'a+rX', dirname(directory)])
}

/** `dist/packages/NAME…`, which `make package` has built. */
export function packageFile(pattern: RegExp): string {
  const found = readdirSync('dist/packages').find((name) => pattern.test(name))
  assert.ok(found !== undefined, `dist/packages has no ${pattern}; make package builds it`)
  return join('dist/packages', found)
}

export function putFile(machine: Booted, inside: string, from: { file: string } | { text: string }): void {
  const path = machine.path(inside)
  mkdirSync(dirname(path), { recursive: true })
  if ('file' in from) copyFileSync(from.file, path)
  else writeFileSync(path, from.text)
}

/** What a program says in a machine, and how it ends. */
export async function ran(machine: Booted, ...words: readonly string[]): Promise<{ code: number; said: string }> {
  const result = await machine.tryRun(...words)
  assert.equal(result.kind, 'exited', `${words.join(' ')}: ${JSON.stringify(result)}`)
  return {
    code: result.kind === 'exited' ? result.code : -1,
    said: `${result.stdout.toString('utf8')}${result.stderr}`.trim(),
  }
}

export async function statusIn(machine: Booted): Promise<Status | undefined> {
  const { stdout } = await machine.tryRun('lb-agent', 'status', '--json')
  try {
    return JSON.parse(stdout.toString('utf8')) as Status
  } catch {
    return undefined
  }
}

/** The drains of this machine's timeline that began since `sinceMs` because it was about to stop. */
export async function drainsForStop(machine: Booted, sinceMs: number): Promise<readonly TimelineEvent[]> {
  const lines = (await machine.run('cat', '/var/lib/lb-agent/timeline.jsonl')).split('\n')
  const events = lines.flatMap((line) => parseEvent(line) ?? [])
  return events.filter(
    (event) =>
      event.atMs >= sinceMs && event.kind === 'drain' && event.on && event.reason === 'the daemons are being stopped',
  )
}

/** Waits until the agent says that all is well. */
export async function isWell(machine: Booted): Promise<void> {
  await until(`all is well on ${machine.name}`, WELL_WITHIN_MS, async () => {
    return (await statusIn(machine))?.headline.well === true
  }).catch(withLastWords(machine))
}

const WELL_WITHIN_MS = 30_000

/** Throws the error with what the machine has to say. */
function withLastWords(machine: Booted): (error: Error) => Promise<never> {
  return async (error) => {
    const log = await machine.tryRun('journalctl', '-b', '-n', '80', '--no-pager', '-o', 'short-monotonic')
    throw new Error(`${error.message}: ${(await statusIn(machine))?.headline.text}\n${log.stdout}`)
  }
}
