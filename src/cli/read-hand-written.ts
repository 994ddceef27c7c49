import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { HaproxyConfig } from '../haproxy-config/config.ts'
import { readHaproxyConfig } from '../haproxy-config/read-haproxy-config.ts'
import { includedFiles } from '../included-files.ts'
import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import type { Included } from '../keepalived-config/read-lines.ts'
import { wordsOfCommand } from '../proof/hand-trackers.ts'
import type { KeepalivedNode } from '../proof/of-keepalived.ts'
import type { Problem } from '../spec/problem.ts'
import { LONGEST_CONFIG, readGiven } from './read-given.ts'

/** A check script is some lines; what is longer is a program. */
const LONGEST_SCRIPT = 64 * 1024

/** Reads the keepalived.conf of each node, with what they include and the check scripts that are found. */
export function readHandWritten(
  files: readonly string[],
): { kind: 'nodes'; nodes: KeepalivedNode[] } | { kind: 'problems'; problems: Problem[] } {
  const names = nodeNames(files)
  const read = files.map((file, index) => readNode(file, names[index] ?? file))
  const problems = read.flatMap((one) => (one.kind === 'problem' ? [one.problem] : []))
  if (problems.length > 0) return { kind: 'problems', problems }
  return { kind: 'nodes', nodes: read.flatMap((one) => (one.kind === 'node' ? [one.node] : [])) }
}

function readNode(
  file: string,
  name: string,
): { kind: 'node'; node: KeepalivedNode } | { kind: 'problem'; problem: Problem } {
  const given = readGiven(file, 'keepalived.conf')
  if (given.kind === 'problem') return given
  // Lines with @NAME are for the node whose hostname is NAME, and the file is named after it.
  const config = readKeepalivedConfig(file, given.text, { configId: name, include })
  return { kind: 'node', node: { name, config, scripts: scriptsOf(file, config) } }
}

/** Reads haproxy.cfg files, one for all nodes or one for each. */
export function readHaproxyFiles(
  files: readonly string[],
): { kind: 'files'; files: HaproxyConfig[] } | { kind: 'problems'; problems: Problem[] } {
  const read = files.map((file) => ({ file, given: readGiven(file, 'haproxy.cfg') }))
  const problems = read.flatMap(({ given }) => (given.kind === 'problem' ? [given.problem] : []))
  if (problems.length > 0) return { kind: 'problems', problems }
  const texts = read.flatMap(({ file, given }) => (given.kind === 'text' ? [{ file, text: given.text }] : []))
  return { kind: 'files', files: texts.map(({ file, text }) => readHaproxyConfig(file, text)) }
}

/** `lb1.conf`, `lb1/keepalived.conf`, `keepalived-lb1.conf`, `lb1.keepalived.conf`: lb1. */
function nodeNames(files: readonly string[]): string[] {
  const names = files.map((file) => {
    const bare = basename(file).replace(/\.(?:conf|cfg|txt)$/, '')
    const name = bare.replace(/^keepalived[-_.]/, '').replace(/[-_.]keepalived$/, '')
    return name === 'keepalived' ? basename(dirname(resolve(file))) : name
  })
  return names.map((name, index) => (names.indexOf(name) === index ? name : `${name}-${index + 1}`))
}

/** Without files that are longer than a person writes. */
export function include(pattern: string, from: string): Included[] {
  return includedFiles(pattern, from, (file) => readText(file, LONGEST_CONFIG))
}

/** Programs that are known by name. Some are scripts (service, egrep), which say nothing of what is asked of them. */
const OF_THE_SYSTEM = /^\/(?:usr\/)?s?bin\//

/** Scripts by the word of the command that names them: beside keepalived.conf, or where it says. */
function scriptsOf(file: string, { scripts }: KeepalivedConfig): Map<string, string> {
  const found = new Map<string, string>()
  for (const word of scripts.flatMap(({ command }) => wordsOfCommand(command))) {
    if (!word.includes('/')) continue
    const beside = readText(join(dirname(file), basename(word)), LONGEST_SCRIPT)
    const text = beside ?? (OF_THE_SYSTEM.test(word) ? undefined : readText(word, LONGEST_SCRIPT))
    if (text?.startsWith('#!') === true) found.set(word, text)
  }
  return found
}

function readText(file: string, longest: number): string | undefined {
  try {
    const { size } = statSync(file)
    return size > longest ? undefined : readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
