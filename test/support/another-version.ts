import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../src/drill/lab.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { statusOf } from './cluster.ts'

/** The text of a built bundle as another version of the same program. */
export function asVersion(bundle: string, version: string): string {
  const [start, end, ...more] = bundle.split(/(?<=function version\(\)\{return")[^"]+/)
  assert.ok(start !== undefined && end !== undefined && more.length === 0, 'the bundle says its version in one place')
  return `${start}${version}${end}`
}

/** Puts another version in the place of the program that the lab's agents run, as a package does. */
export function putVersion(lab: Lab, version: string): void {
  putBundle(lab, asVersion(readFileSync(join(lab.program.directory, 'lb-agent.mjs'), 'utf8'), version))
}

export function putBundle(lab: Lab, text: string): void {
  const bundle = join(lab.directory, 'bin', 'lb-agent.mjs')
  writeFileSync(`${bundle}.new`, text)
  renameSync(`${bundle}.new`, bundle)
}

/** Waits until every agent runs `version`. */
export async function runs(agents: readonly LabAgent[], version: string, withinMs = 20_000): Promise<void> {
  for (const agent of agents)
    await until(`${agent.node} runs ${version}`, withinMs, async () => (await statusOf(agent)).version === version)
}
