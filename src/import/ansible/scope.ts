import type { Position, Problem } from '../../spec/problem.ts'
import type { OldFile } from '../old-cluster.ts'
import { holds } from './conditions.ts'
import type { VariableFiles } from './host-variables.ts'
import type { Variables } from './render-template.ts'
import { resolveValue, resolveVariables } from './resolve-variables.ts'

export type Kind = 'haproxy' | 'keepalived'

/** What one host gets: the files it ends up with, and what was not to be had on the way. */
export type HostRun = {
  host: string
  /** As the inventory and the files beside it say. */
  written: Variables
  /** What set_fact and include_vars have added. */
  facts: Record<string, unknown>
  /** Names that every host knows, and its facts. */
  known: Variables
  files: Map<Kind, OldFile>
  /** Texts of scripts that are put on the host, by their paths there; undefined: not all that it says is known. */
  scripts: Map<string, string | undefined>
  /** It has such a file, but what is in it was not to be had. */
  failed: Set<Kind>
  problems: Map<string, Problem>
  /** Names of set_fact and register, and where. */
  setByRun: Map<string, Position>
}

export type Scope = {
  run: HostRun
  variables: VariableFiles
  playbook: string
  role: string | undefined
  /** Role defaults, which count least; then play, role and task variables, the last counts most. */
  defaults: Record<string, unknown>
  layers: readonly Record<string, unknown>[]
  depth: number
}

/** What a text can name, where it stands. */
export function resolved(scope: Scope, asking: string): Record<string, unknown> {
  const raw = Object.assign({}, scope.defaults, scope.run.written, ...scope.layers, scope.run.facts)
  return resolveVariables(raw, scope.run.known, asking)
}

export function textIn(scope: Scope, written: string): string {
  return String(resolveValue(written, resolved(scope, written)))
}

export function allHold(conditions: readonly string[], scope: Scope): boolean {
  return conditions.every((condition) => holds(condition, resolved(scope, condition)))
}
