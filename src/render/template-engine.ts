import { Environment, initSync } from 'minijinja-js/dist/web/minijinja_js.js'
import type { Problem } from '../spec/problem.ts'
import { limitMemory } from './limit-memory.ts'

/** Renders Jinja2 templates: no files, no clock, no randomness, bounded, and with an error for every undefined variable. */
export type TemplateEngine = {
  /** `file` names the template in problems. Never throws for what a template does. */
  render(
    file: string,
    template: string,
    variables: Readonly<Record<string, unknown>>,
  ): { kind: 'text'; text: string } | { kind: 'problem'; problem: Problem }
}

/** Instructions of the template's virtual machine: far above what a cluster of 100 nodes needs, and under a second. */
const FUEL = 5_000_000
/** Our templates need about 2 MiB. */
const MAX_MEMORY_BYTES = 64 * 1024 * 1024
/** minijinja escapes by the name's suffix (.html, .json): a name without one keeps every text as it is. */
export const TEMPLATE_NAME = 'template'

/**
 * An engine from minijinja's WebAssembly module. Blocks are trimmed as Ansible does it, so that its users' templates come
 * out the same.
 */
export function createTemplateEngine(wasm: Uint8Array): TemplateEngine {
  // Instantiates once in a process; later calls change nothing.
  initSync({ module: limitMemory(wasm, MAX_MEMORY_BYTES) })
  return { render }
}

const render: TemplateEngine['render'] = (file, template, variables) => {
  let environment: Environment | undefined
  try {
    environment = createEnvironment()
    return { kind: 'text', text: environment.renderNamedStr(TEMPLATE_NAME, template, variables) }
  } catch (error) {
    return { kind: 'problem', problem: problemOf(file, error) }
  } finally {
    freeEnvironment(environment)
  }
}

/** minijinja's own environment with our bounds, for who needs more of it; `createTemplateEngine` comes first. */
export function createEnvironment(): Environment {
  const environment = new Environment()
  environment.undefinedBehavior = 'strict'
  environment.trimBlocks = true
  environment.lstripBlocks = true
  environment.keepTrailingNewline = true
  environment.fuel = FUEL
  // Only makes errors say where in their line they are.
  environment.debug = true
  return environment
}

export function freeEnvironment(environment: Environment | undefined): void {
  try {
    environment?.free()
  } catch {
    // A trap leaves it borrowed, and so beyond freeing. Asking took it off the garbage collector's list, whose own
    // attempt would end the process.
  }
}

/**
 * minijinja's message, with the place that its drawing marks:
 *
 *     undefined value (in template:2)
 *     ---- template ----
 *        2 > xx {{ foo.bar }}
 *          i       ^^^^^^^ undefined value
 */
export function problemOf(file: string, error: unknown): Problem {
  const text = error instanceof Error ? error.message : String(error)
  const place = new RegExp(`^(.*) \\(in ${TEMPLATE_NAME}:(\\d+)\\)`, 's').exec(text)
  if (!place) {
    const message = 'the template needs more memory than it may have, or nests too deeply'
    return { file, line: 0, col: 0, message: `${message} (${text.split('\n')[0]})` }
  }
  const mark = /^ *\d+ > (.*)\n *i (\s*)(\^+)/m.exec(text)
  const start = mark?.[2]?.length ?? 0
  const marked = mark?.[1]?.slice(start, start + (mark[3]?.length ?? 0)) ?? ''
  return {
    file,
    line: Number(place[2]),
    col: start + 1,
    message: `the template cannot be rendered: ${place[1]}${marked === '' ? '' : ` at "${marked}"`}`,
  }
}
