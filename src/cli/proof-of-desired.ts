import { readEngine } from '../assets.ts'
import { proveDesired } from '../prepare/prove-desired.ts'
import { createTemplateEngine } from '../render/template-engine.ts'
import type { RuleFinding } from '../rules/finding.ts'
import type { Proof } from '../rules/prove.ts'
import type { Problem } from '../spec/problem.ts'
import type { Desired } from './read-desired.ts'
import { packagedTarget } from './render-node.ts'

/** The proof of what a person names, with the paths of a packaged node: they make no difference to it. */
export function proofOfDesired({
  file,
  spec,
  places,
  templates,
}: Extract<Desired, { kind: 'desired' }>):
  | { kind: 'proof'; proof: Proof }
  | { kind: 'problems'; problems: readonly Problem[] } {
  const [first] = spec.nodes
  const target = packagedTarget(first?.name ?? '', '')
  const proven = proveDesired({ spec, places, templates, target, engine: () => createTemplateEngine(readEngine()) })
  if (proven.kind === 'problems') return proven
  // There is no limit here.
  if (proven.kind === 'too large')
    return { kind: 'problems', problems: [{ file, line: 0, col: 0, message: proven.reason }] }
  const { proof, doubt } = proven
  return {
    kind: 'proof',
    proof: doubt === undefined ? proof : { ...proof, findings: [...proof.findings, doubted(file, doubt)] },
  }
}

function doubted(file: string, doubt: string): RuleFinding {
  return {
    ...{ rule: 'KEEPALIVED', severity: 'note', accepted: undefined },
    places: [{ file, line: 0, col: 0 }],
    message: `${doubt}, so the agents apply it unproven`,
    fix: 'what decides who holds a VIP belongs into the template itself',
  }
}
