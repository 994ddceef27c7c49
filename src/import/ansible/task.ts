import { mapping, textOf } from './load-yaml.ts'

/** The parts of a task that matter here. */
export type Task =
  | { kind: 'block'; tasks: unknown; common: Common }
  | { kind: 'tasks'; file: string; common: Common }
  | { kind: 'role'; name: string; from: string; common: Common }
  | { kind: 'variables'; file: string; common: Common }
  | { kind: 'facts'; values: Record<string, unknown>; common: Common }
  /** `template`, or `copy`. `content`: instead of a file. */
  | {
      kind: 'file'
      source: string | undefined
      content: string | undefined
      destination: string
      isTemplate: boolean
      common: Common
    }

export type Common = {
  conditions: readonly string[]
  variables: Record<string, unknown>
  /** Items of a loop, or a text that gives them. */
  loop: unknown
  loopVariable: string
}

const MODULE = /^(?:ansible\.(?:builtin|legacy)\.)?(\w+)$/

/** A task of a playbook; undefined: it makes no file and no variable. */
export function readTask(value: unknown): Task | undefined {
  const task = mapping(value)
  const common = commonOf(task)
  if (task['block'] !== undefined) return { kind: 'block', tasks: task['block'], common }
  for (const [key, given] of Object.entries(task)) {
    const [, name] = MODULE.exec(key) ?? []
    const found = name === undefined ? undefined : taskOf(name, argumentsOf(given, task['args']), common)
    if (found) return found
  }
  return undefined
}

function taskOf(module: string, given: Record<string, unknown>, common: Common): Task | undefined {
  const text = (name: string) => textOf(given[name])
  switch (module) {
    case 'import_tasks':
    case 'include_tasks':
    case 'include': {
      const file = text('file') ?? text('_raw')
      return file === undefined ? undefined : { kind: 'tasks', file, common }
    }
    case 'import_role':
    case 'include_role': {
      const name = text('name')
      return name === undefined ? undefined : { kind: 'role', name, from: text('tasks_from') ?? 'main', common }
    }
    case 'include_vars': {
      const file = text('file') ?? text('_raw')
      return file === undefined ? undefined : { kind: 'variables', file, common }
    }
    case 'set_fact': {
      const { cacheable: _, _raw: __, ...values } = given
      return { kind: 'facts', values, common }
    }
    case 'template':
    case 'copy': {
      const destination = text('dest')
      if (destination === undefined) return undefined
      const isTemplate = module === 'template'
      return { kind: 'file', source: text('src'), content: text('content'), destination, isTemplate, common }
    }
    default:
      return undefined
  }
}

function commonOf(task: Record<string, unknown>): Common {
  const loop = task['loop'] ?? task['with_items'] ?? task['with_list']
  return {
    conditions: conditionsOf(task['when']),
    variables: mapping(task['vars']),
    loop,
    loopVariable: textOf(mapping(task['loop_control'])['loop_var']) ?? 'item',
  }
}

export function conditionsOf(when: unknown): string[] {
  return [when].flat().flatMap((condition) => textOf(condition) ?? [])
}

/** `template: src=a dest=b` says the same as a mapping. */
function argumentsOf(given: unknown, args: unknown): Record<string, unknown> {
  if (typeof given !== 'string') return { ...mapping(given), ...mapping(args) }
  const pairs = [...given.matchAll(/(\w+)=("[^"]*"|'[^']*'|(?:\{\{.*?\}\}|\S)+)/g)]
  const words = pairs.map(([, key, value = '']) => [key, value.replace(/^(["'])(.*)\1$/, '$2')])
  return { ...(pairs.length === 0 && { _raw: given.trim() }), ...Object.fromEntries(words), ...mapping(args) }
}
