import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HaproxyConfig } from '../haproxy-config/config.ts'
import type { Difference } from '../import/differences.ts'
import { type Imported, importDirectory } from '../import/import-directory.ts'
import type { KeepalivedNode } from '../proof/of-keepalived.ts'
import { takeoverJson } from '../proof/takeover-json.ts'
import { type Proof, proveFiles } from '../rules/prove.ts'
import { jsonSchema } from '../spec/json-schema.ts'
import { formatProblem, type Problem } from '../spec/problem.ts'
import { forTerminal } from '../words.ts'
import { shellWord, table } from './print.ts'
import { jsonOfFindings, type Print, printProof } from './print-proof.ts'
import { refuse } from './refuse.ts'

export type ImportVerbOptions = {
  out?: string
  cluster?: string
  inventory?: string
  playbook?: string
  json?: boolean
}

type Found = Exclude<Imported, { kind: 'nothing' }>

const CLUSTER_NAME = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/

/**
 * Makes an lb.yaml of an Ansible project, or of files that were written by hand: written into `out`, or printed. A report says what
 * was read, lost and changed, and what the old files do under faults. 0 = ready to use, 1 = something is missing, 2 = usage.
 */
export function importFiles(directory: string, options: ImportVerbOptions): number {
  const usage = whyNotUsable(directory, options)
  if (usage !== undefined) return refuse(usage, options)
  const target = options.out === undefined ? undefined : join(options.out, 'lb.yaml')
  if (target !== undefined && existsSync(target))
    return refuse(`${target} is there already; nothing was read or written`, { ...options, code: 1 })
  const imported = importDirectory(directory, options)
  if (imported.kind === 'nothing') {
    printNothing(imported, options.json === true)
    return 1
  }
  if (options.out !== undefined) writeOut(options.out, imported.text)
  const proof = proveFiles(nodesOf(imported), haproxyOf(imported))
  if (options.json === true) console.log(JSON.stringify(jsonOf(imported, proof), undefined, 2))
  else {
    if (target === undefined) process.stdout.write(imported.text)
    printReport(imported, proof, { directory, ...options })
  }
  return isReady(imported) ? 0 : 1
}

/** Whether `validate` would take the text as it is. */
function isReady(imported: Found): boolean {
  return imported.kind === 'imported' && imported.toFillIn.length === 0
}

function whyNotUsable(directory: string, { cluster, out }: ImportVerbOptions): string | undefined {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return `${shellWord(directory)} is no directory; import takes that of an Ansible project, or one with the haproxy.cfg and keepalived.conf of each node`
  }
  if (out !== undefined && statSync(out, { throwIfNoEntry: false })?.isDirectory() === false)
    return `--out ${out} is no directory; lb.yaml is written into one, which may be new`
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

function printReport(imported: Found, proof: Proof, { directory, out }: { directory: string; out?: string }): void {
  // The text alone goes to stdout where it is printed, so that it can be redirected into a file.
  const write: Print = out === undefined ? console.error : console.log
  const print: Print = (text) => write(text)
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) print(forTerminal(`${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`))
  }
  const file = join(out ?? '', 'lb.yaml')
  section('Read:', [imported.read.join(', '), `nodes: ${imported.nodes.join(', ')}`])
  section('Of the old files:', imported.problems.map(placed))
  section('Not carried over:', imported.lost)
  if (imported.kind === 'imported') section('What becomes different:', differenceLines(imported.differences))
  print('What the old files do:\n')
  printProof(proof, print)
  print('')
  if (imported.kind === 'unparsed') {
    const refused = imported.refused.map((problem) => placed({ ...problem, file }))
    section('What the old files say, and lb.yaml does not take (change it there):', refused)
  }
  section('To be filled in:', imported.toFillIn)
  print(forTerminal(lastWords(imported, { directory, file, out })))
}

function lastWords(
  imported: Found,
  { directory, file, out }: { directory: string; file: string; out: string | undefined },
): string {
  if (out === undefined)
    return `next: lb-agent import ${shellWord(directory)} --out NEW-DIRECTORY writes it, with its JSON Schema`
  const edit = isReady(imported) ? '' : `edit ${file}, then: `
  return `wrote ${file}\nnext: ${edit}lb-agent validate ${shellWord(file)}`
}

function placed(problem: Problem): string {
  return problem.line === 0 ? `${problem.file} ${problem.message}` : formatProblem(problem)
}

function differenceLines(differences: readonly Difference[]): string[] {
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
  return old.flatMap(({ node, keepalived, haproxy, scripts }) =>
    keepalived === undefined ? [] : [{ name: node.name, config: keepalived, scripts, ...(haproxy && { haproxy }) }],
  )
}

function haproxyOf({ old }: Found): HaproxyConfig[] {
  return old.flatMap(({ haproxy }) => haproxy ?? [])
}

function jsonOf(imported: Found, proof: Proof): object {
  const { text, nodes, read, toFillIn, lost, problems } = imported
  return {
    ok: isReady(imported),
    lbYaml: text,
    refused: imported.kind === 'unparsed' ? imported.refused : [],
    ...{ nodes, read, toFillIn, notCarriedOver: lost },
    differences: imported.kind === 'unparsed' ? [] : imported.differences,
    problems,
    old: { takeovers: takeoverJson(proof.table), ...jsonOfFindings(proof.findings) },
  }
}
