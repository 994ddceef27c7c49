import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Client } from '../../src/drill/client.ts'
import { createLab, type Lab } from '../../src/drill/lab.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import type { Status } from '../../src/status.ts'
import { type Booted, boot } from './booted.ts'
import { specText, VIP } from './cluster.ts'
import { createRepository, type Repository } from './repo.ts'

/** Two booted machines `one` and `two`, their servers, a client that never stops asking, and a repository that both see. */
export type BootedCluster = {
  lab: Lab
  repository: Repository
  one: Booted
  two: Booted
  client: Client
  /** Waits until this node alone has the VIP. */
  isHeldBy(node: 'one' | 'two'): Promise<void>
  close(): Promise<void>
}

/** `prepare` changes a machine before its first boot. */
export async function bootCluster(
  image: string,
  prepare: (root: string, name: string) => void = () => undefined,
): Promise<BootedCluster> {
  const text = specText()
  const parsed = parseSpec(text, 'lb.yaml')
  assert.ok(parsed.kind === 'spec')
  const repository = createRepository()
  repository.commit({ 'lb.yaml': text }, 'Describe the cluster')
  readable(repository)
  const lab = await createLab(parsed.spec)
  const machines: Booted[] = []
  const close = async (): Promise<void> => {
    await client?.close()
    await Promise.all(machines.map((machine) => machine.close()))
    repository.close()
    await lab.close()
  }
  let client: Client | undefined
  try {
    const bootNode = async (name: string): Promise<Booted> => {
      const machine = await boot({
        ...{ image, name, namespace: lab.network.namespace(name) },
        directory: join(lab.directory, 'machines', name),
        binds: { '/srv/lb-config': repository.directory },
        prepare: (root) => prepare(root, name),
      })
      machines.push(machine)
      return machine
    }
    const [one, two] = await Promise.all([bootNode('one'), bootNode('two')])
    client = lab.startClient(10)
    return {
      ...{ lab, repository, one, two, client, close },
      isHeldBy: (node) =>
        until(`${node} holds the VIP`, 30_000, async () => (await lab.holdersOf(VIP)).join() === node),
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The same with machine `one` alone, and no client. */
export type BootedNode = { lab: Lab; repository: Repository; one: Booted; close(): Promise<void> }

/** `binds`: as `boot` takes them, beside the repository. */
export async function bootNode(
  image: string,
  prepare: (root: string) => void = () => undefined,
  binds: Readonly<Record<string, string>> = {},
): Promise<BootedNode> {
  const text = specText()
  const parsed = parseSpec(text, 'lb.yaml')
  assert.ok(parsed.kind === 'spec')
  const repository = createRepository()
  repository.commit({ 'lb.yaml': text }, 'Describe the cluster')
  readable(repository)
  const lab = await createLab(parsed.spec)
  try {
    const one = await boot({
      ...{ image, name: 'one', namespace: lab.network.namespace('one'), prepare },
      directory: join(lab.directory, 'machines', 'one'),
      binds: { '/srv/lb-config': repository.directory, ...binds },
    })
    const close = async (): Promise<void> => {
      await one.close()
      repository.close()
      await lab.close()
    }
    return { lab, repository, one, close }
  } catch (error) {
    repository.close()
    await lab.close()
    throw error
  }
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

export async function statusIn(machine: Booted): Promise<Status | undefined> {
  const { stdout } = await machine.tryRun('lb-agent', 'status', '--json')
  try {
    return JSON.parse(stdout.toString('utf8')) as Status
  } catch {
    return undefined
  }
}
