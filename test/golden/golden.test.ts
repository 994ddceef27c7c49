import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readEngine } from '../../src/assets.ts'
import { checkNode } from '../../src/check-node.ts'
import { readDesired } from '../../src/cli/read-desired.ts'
import { renderFiles } from '../../src/render/render-files.ts'
import type { RenderedFiles, RenderTarget } from '../../src/render/render-target.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import type { Node } from '../../src/spec/spec.ts'
import { missingForDaemons } from '../support/requirements.ts'
import { ACCEPTED_IN_SILENCE, inSilence } from './silent-daemons.ts'

const CASES = join(import.meta.dirname, 'cases')
const EXAMPLES = join(import.meta.dirname, '../../examples')
/** examples/ci has pipelines alone. */
const CLUSTERS = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, 'lb.yaml')))
const PATHS = { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' }
const RELEASE = '0123456789ab-89abcdef'

const engine = createTemplateEngine(readEngine())
const skip = missingForDaemons()

describe('golden files', { concurrency: 4 }, () => {
  for (const name of readdirSync(CASES)) {
    const directory = join(CASES, name)
    const { nodes, render } = readCase(directory)

    test(`${name} renders as its golden files say`, () => {
      const rendered = Object.fromEntries(nodes.flatMap((node) => goldenFilesOf(node.name, render(node.name, PATHS))))
      if (process.env['UPDATE_GOLDEN'] === '1') write(directory, rendered)
      assert.deepEqual(readGolden(directory), rendered)
    })

    for (const node of nodes) {
      test(`the daemons accept ${name}/${node.name} without a word`, { skip }, async () => {
        const checks = await checkNode(node, (paths) => goldenOf(directory, node.name, paths), inSilence)
        assert.deepEqual(checks, ACCEPTED_IN_SILENCE)
      })
    }
  }
})

test('every example in examples/ is valid', { skip }, async () => {
  for (const name of CLUSTERS) {
    const { nodes, render } = readCase(join(EXAMPLES, name))
    for (const node of nodes) {
      const checks = await checkNode(
        node,
        (paths) => ({ kind: 'rendered', files: render(node.name, paths) }),
        inSilence,
      )
      assert.deepEqual(checks, ACCEPTED_IN_SILENCE, `${name}/${node.name}`)
    }
  }
})

test('every example in examples/ has golden files', () => {
  for (const name of CLUSTERS) {
    const golden = readFileSync(join(CASES, name, 'lb.yaml'), 'utf8')
    assert.equal(golden, readFileSync(join(EXAMPLES, name, 'lb.yaml'), 'utf8'), name)
  }
})

type Case = {
  nodes: readonly Node[]
  /** Throws with all problems when there are any. */
  render(node: string, paths: RenderTarget['paths']): RenderedFiles
}

/** lb.yaml of a directory, with the templates beside it where it has its own. */
function readCase(directory: string): Case {
  const desired = readDesired(directory)
  if (desired.kind === 'problems') throw new Error(desired.problems.map(formatProblem).join('\n'))
  return {
    nodes: desired.spec.nodes,
    render: (node, paths) => {
      const target: RenderTarget = {
        node,
        release: RELEASE,
        paths,
        haproxy: { user: 'haproxy', group: 'haproxy' },
        metrics: { haproxy: 'builtin' },
      }
      const rendered = renderFiles(engine, desired.spec, target, desired.templates)
      if (rendered.kind === 'problems') throw new Error(rendered.problems.map(formatProblem).join('\n'))
      return rendered.files
    },
  }
}

function goldenFilesOf(node: string, files: RenderedFiles): [name: string, text: string][] {
  return [
    [`${node}.haproxy.cfg`, files.haproxy],
    [`${node}.keepalived.conf`, files.keepalived],
  ]
}

function readGolden(directory: string): Record<string, string> {
  const names = readdirSync(directory).filter((name) => /\.(?:cfg|conf)$/.test(name))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]))
}

function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(readGolden(directory))) rmSync(join(directory, name))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
}

/** The golden files as they are on disk, but with paths that exist on the machine that runs the tests. */
function goldenOf(
  directory: string,
  node: string,
  paths: RenderTarget['paths'],
): { kind: 'rendered'; files: RenderedFiles } {
  const read = (name: string): string =>
    Object.entries(PATHS)
      .reduce((text, [key, path]) => text.replaceAll(path, `<${key}>`), readFileSync(join(directory, name), 'utf8'))
      .replace(/<(state|runtime|launcher)>/g, (_, key: keyof typeof PATHS) => paths[key])
  return {
    kind: 'rendered',
    files: { haproxy: read(`${node}.haproxy.cfg`), keepalived: read(`${node}.keepalived.conf`) },
  }
}
