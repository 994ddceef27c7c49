import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HaproxyConfig } from '../haproxy-config/config.ts'
import { type Imported, importDirectory } from '../import/import-directory.ts'
import type { KeepalivedNode } from '../proof/of-keepalived.ts'
import { takeoverJson } from '../proof/takeover-json.ts'
import { type Proof, proveFiles } from '../rules/prove.ts'
import { jsonSchema } from '../spec/json-schema.ts'
import { formatProblem, type Problem } from '../spec/problem.ts'
import { forTerminal } from '../words.ts'
import { table } from './print.ts'
import { jsonOfFindings, type Print, printProof } from './print-proof.ts'

export type ImportVerbOptions = {
  out?: string
  cluster?: string
  inventory?: string
  playbook?: string
  json?: boolean
}

type Found = Extract<Imported, { kind: 'imported' }>

const CLUSTER_NAME = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/

/**
 * Makes an lb.yaml of an Ansible project, or of files that were written by hand: written into `out`, or printed. A report says what
 * was read, lost and changed, and what the old files do under faults. 0 = ready to use, 1 = something is missing, 2 = usage.
 */
export function importFiles(directory: string, options: ImportVerbOptions): number {
  const usage = whyNotUsable(directory, options)
  if (usage !== undefined) {
    console.error(`lb-agent: ${usage}`)
    return 2
  }
  const target = options.out === undefined ? undefined : join(options.out, 'lb.yaml')
  if (target !== undefined && existsSync(target)) {
    console.error(`lb-agent: ${target} is there already; nothing was read or written`)
    return 1
  }
  const imported = importDirectory(directory, options)
  if (imported.kind === 'nothing') {
    printNothing(imported, options.json === true)
    return 1
  }
  if (options.out !== undefined) writeOut(options.out, imported.text)
  if (imported.kind === 'unparsed') {
    printUnparsed(imported, options)
    return 1
  }
  const proof = proveFiles(nodesOf(imported), haproxyOf(imported))
  if (options.json === true) console.log(JSON.stringify(jsonOf(imported, proof), undefined, 2))
  else {
    // The text alone goes to stdout, so that it can be redirected into a file.
    if (target === undefined) process.stdout.write(imported.text)
    printReport(imported, proof, target, target === undefined ? console.error : console.log)
  }
  return imported.toFillIn.length === 0 ? 0 : 1
}

function whyNotUsable(directory: string, { cluster }: ImportVerbOptions): string | undefined {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return `${directory} is no directory; import takes that of an Ansible project, or one with the haproxy.cfg and keepalived.conf of each node`
  }
  if (cluster === undefined || CLUSTER_NAME.test(cluster)) return undefined
  return `--cluster ${cluster} is no name; one has letters, digits, "_", "." or "-", begins with a letter or digit, and is not a number alone`
}

function writeOut(out: string, text: string): void {
  mkdirSync(out, { recursive: true })
  // Never over what somebody wrote in between.
  writeFileSync(join(out, 'lb.yaml'), text, { flag: 'wx' })
  const schema = join(out, 'lb.schema.json')
  if (!existsSync(schema)) writeFileSync(schema, `${JSON.stringify(jsonSchema('lb'), undefined, 2)}\n`)
}

function printNothing({ why, problems }: Extract<Imported, { kind: 'nothing' }>, asJson: boolean): void {
  if (asJson) console.log(JSON.stringify({ ok: false, why, problems }, undefined, 2))
  else {
    console.error(forTerminal(`lb-agent: ${why}`))
    for (const problem of problems) console.error(forTerminal(formatProblem(problem)))
  }
}

/** A draft all the same: the person who knows the cluster sees at once what to change. */
function printUnparsed(
  { text, refused, problems }: Extract<Imported, { kind: 'unparsed' }>,
  options: ImportVerbOptions,
): void {
  if (options.json === true) console.log(JSON.stringify({ ok: false, lbYaml: text, refused, problems }, undefined, 2))
  else {
    if (options.out === undefined) process.stdout.write(text)
    for (const problem of problems) console.error(forTerminal(placed(problem)))
    console.error('lb-agent: the old files say what lb.yaml does not take; change it in there:')
    for (const problem of refused) console.error(forTerminal(formatProblem(problem)))
  }
}

function printReport(imported: Found, proof: Proof, target: string | undefined, write: Print): void {
  const print: Print = (text) => write(text)
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) print(forTerminal(`${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`))
  }
  section('Read:', [imported.read.join(', '), `nodes: ${imported.spec.nodes.map(({ name }) => name).join(', ')}`])
  section('Of the old files:', imported.problems.map(placed))
  section('Not carried over:', imported.lost)
  section('What becomes different:', differenceLines(imported))
  print('What the old files do:\n')
  printProof(proof, print)
  print('')
  section('To be filled in:', imported.toFillIn)
  const file = target ?? 'lb.yaml'
  if (target !== undefined) print(`wrote ${target}`)
  print(`next: ${imported.toFillIn.length === 0 ? '' : `edit ${file}, then: `}lb-agent validate ${file}`)
}

function placed(problem: Problem): string {
  return problem.line === 0 ? `${problem.file} ${problem.message}` : formatProblem(problem)
}

function differenceLines({ differences }: Found): string[] {
  if (differences.length === 0) return []
  const rows = differences.map(({ about, what, before, after }, index) => [
    about === differences[index - 1]?.about ? '' : about,
    what,
    before,
    `→ ${after}`,
  ])
  return table(rows).split('\n')
}

/** Of the rendered files of an Ansible project the places are those of its templates. */
function nodesOf({ old }: Found): KeepalivedNode[] {
  return old.flatMap(({ node, keepalived, scripts }) =>
    keepalived === undefined ? [] : [{ name: node.name, config: keepalived, scripts }],
  )
}

function haproxyOf({ old }: Found): HaproxyConfig[] {
  return old.flatMap(({ haproxy }) => haproxy ?? [])
}

function jsonOf(imported: Found, proof: Proof): object {
  const { text, read, toFillIn, lost, differences, problems, spec } = imported
  return {
    ok: toFillIn.length === 0,
    lbYaml: text,
    nodes: spec.nodes.map(({ name }) => name),
    ...{ read, toFillIn, notCarriedOver: lost, differences, problems },
    old: { takeovers: takeoverJson(proof.table), ...jsonOfFindings(proof.findings) },
  }
}
