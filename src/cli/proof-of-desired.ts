import { readEngine } from '../assets.ts'
import { proveDesired } from '../prepare/prove-desired.ts'
import { createTemplateEngine } from '../render/template-engine.ts'
import type { Desired } from './read-desired.ts'
import { packagedTarget } from './render-node.ts'

/** The proof of what a person names, with the paths of a packaged node: they make no difference to it. */
export function proofOfDesired({ spec, places, templates }: Extract<Desired, { kind: 'desired' }>) {
  const [first] = spec.nodes
  const target = packagedTarget(first?.name ?? '', '')
  return proveDesired({ spec, places, templates, target, engine: () => createTemplateEngine(readEngine()) })
}
