import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Format } from '../annotate/annotation.ts'
import { takeoverJson } from '../proof/takeover-json.ts'
import { errorsOf, type Proof, proveFiles } from '../rules/prove.ts'
import type { Problem } from '../spec/problem.ts'
import { findingAnnotations, printAnnotations, problemAnnotations } from './annotations.ts'
import { printProblems } from './print.ts'
import { jsonOfFindings, printProof } from './print-proof.ts'
import { proofOfDesired } from './proof-of-desired.ts'
import { readDesired } from './read-desired.ts'
import { keepalivedFilesIn } from './read-given.ts'
import { readHandWritten, readHaproxyFiles } from './read-hand-written.ts'
import { refuse } from './refuse.ts'

export type ProveOptions = {
  keepalived?: readonly string[]
  haproxy?: readonly string[]
  format: Format
  json?: boolean
}

type Looked = { kind: 'proof'; proof: Proof } | { kind: 'problems'; problems: readonly Problem[] }

/** Who takes over under every fault and how fast, and what stands against it. 0 = good, 1 = errors, 2 = usage. */
export function prove(path: string | undefined, options: ProveOptions): number {
  const format: Format = options.json === true ? 'json' : options.format
  const json = format === 'json'
  const { keepalived } = options
  if (
    (path === undefined) === (keepalived === undefined) ||
    (keepalived === undefined && options.haproxy !== undefined)
  ) {
    return refuse('prove PATH for lb.yaml, or prove --keepalived lb1.conf lb2.conf … for hand-written files', { json })
  }
  const [nodes, files] = [keepalived?.length ?? 0, options.haproxy?.length ?? 0]
  if (files > 1 && files !== nodes) {
    return refuse(
      `${files} haproxy.cfg for ${nodes} keepalived.conf; --haproxy takes one for all nodes, or one of each node in the same order`,
      { json },
    )
  }
  const looked = path === undefined ? lookAtFiles(keepalived ?? [], options.haproxy ?? []) : lookAtDesired(path)
  if (looked.kind === 'problems') {
    if (format === 'text') printProblems(looked.problems)
    else printAnnotations(format, problemAnnotations(looked.problems), { ok: false, problems: looked.problems })
    return 1
  }
  const { proof } = looked
  const ok = errorsOf(proof).length === 0
  if (format === 'text') printProof(proof)
  else
    printAnnotations(format, findingAnnotations(proof.findings), {
      ok,
      takeovers: takeoverJson(proof.table),
      ...jsonOfFindings(proof.findings),
    })
  return ok ? 0 : 1
}

function lookAtDesired(path: string): Looked {
  const desired = readDesired(path)
  if (desired.kind !== 'problems') return proofOfDesired(desired)
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const written = isDirectory && !existsSync(join(path, 'lb.yaml')) ? keepalivedFilesIn(path) : []
  if (written.length === 0) return desired
  const message = `does not exist, and there are hand-written files: lb-agent prove --keepalived ${written.join(' ')}`
  return { kind: 'problems', problems: [{ file: join(path, 'lb.yaml'), line: 0, col: 0, message }] }
}

function lookAtFiles(keepalived: readonly string[], haproxy: readonly string[]): Looked {
  const nodes = readHandWritten(keepalived)
  const files = readHaproxyFiles(haproxy)
  if (nodes.kind === 'problems') return nodes
  if (files.kind === 'problems') return files
  return { kind: 'proof', proof: proveFiles(nodes.nodes, files.files) }
}
