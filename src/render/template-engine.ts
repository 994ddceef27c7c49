import { Environment, initSync } from 'minijinja-js/dist/web/minijinja_js.js'
import type { Problem } from '../spec/problem.ts'

/** Renders Jinja2 templates: sandboxed, bounded, and with an error for every undefined variable. */
export type TemplateEngine = {
  /** `file` names the template in problems. Never throws for what a template does. */
  render(
    file: string,
    template: string,
    variables: Readonly<Record<string, unknown>>,
  ): { kind: 'text'; text: string } | { kind: 'problem'; problem: Problem }
}

/** Instructions of the template's virtual machine: far above what a cluster of 50 nodes needs, far below a second. */
const FUEL = 5_000_000n

/**
 * An engine from minijinja's WebAssembly module. Blocks are trimmed as Ansible does it, so that its users' templates come
 * out the same.
 */
export function createTemplateEngine(wasm: Uint8Array<ArrayBuffer>): TemplateEngine {
  // Instantiates once in a process; later calls change nothing.
  initSync({ module: wasm })
  return {
    render: (file, template, variables) => {
      const environment = new Environment()
      try {
        environment.undefinedBehavior = 'strict'
        environment.trimBlocks = true
        environment.lstripBlocks = true
        environment.keepTrailingNewline = true
        environment.fuel = Number(FUEL)
        // The name decides about escaping: a file name without .html keeps the text as it is.
        return { kind: 'text', text: environment.renderNamedStr(file, template, variables) }
      } catch (error) {
        return { kind: 'problem', problem: toProblem(file, error) }
      } finally {
        environment.free()
      }
    },
  }
}

/** `undefined value: … (in haproxy.cfg.j2:12)` */
function toProblem(file: string, error: unknown): Problem {
  const text = error instanceof Error ? error.message : String(error)
  const line = Number(/\(in [^)]*:(\d+)\)/.exec(text)?.[1] ?? 0)
  const message = text
    .replace(/\s*\(in [^)]*\)/, '')
    .split('\n')
    .find((part) => part.trim() !== '')
  return {
    file,
    line,
    col: line === 0 ? 0 : 1,
    message: `the template cannot be rendered: ${message ?? 'unknown reason'}`,
  }
}
