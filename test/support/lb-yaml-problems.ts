import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'

/** An lb.yaml that is taken: two nodes, two VIPs, two services. */
export const BASE = `version: 1
cluster: home
nodes:
  lb1: { address: 10.0.0.11, interface: eth0 }
  lb2: { address: 10.0.0.12, interface: eth0 }
vips:
  api: { address: 10.0.0.10, virtualRouterId: 61, prefer: [lb1, lb2] }
  web: { address: 10.0.0.20, virtualRouterId: 62, prefer: [lb1, lb2] }
pools:
  masters: { m1: 10.0.0.31, m2: 10.0.0.32 }
services:
  kube: { vip: api, port: 6443, pool: masters, profile: kubernetes-api }
  http: { vip: web, port: 80, pool: masters }
`

/** Each row: what is observed, an edit of BASE, and all that is reported. */
export type Row = readonly [name: string, from: string, to: string, ...problems: string[]]

/** Each as `lb.yaml:line:column  sentence`. */
export function problemsOf(text: string): string[] {
  const parsed = parseSpec(text, 'lb.yaml')
  return parsed.kind === 'spec' ? [] : parsed.problems.map(formatProblem)
}

/** BASE with one edit. */
export function edited(from: string, to: string): string {
  assert.ok(BASE.includes(from), `the base file has ${from}`)
  return BASE.replace(from, () => to)
}

/** A test for each row. */
export function tell(rows: readonly Row[]): void {
  for (const [name, from, to, ...problems] of rows)
    test(name, () => assert.deepEqual(problemsOf(edited(from, to)), problems))
}
