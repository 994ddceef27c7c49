import { hostsOfPattern } from './host-pattern.ts'
import { type VariableFiles, valuesOf } from './host-variables.ts'
import { listOf, loadYaml, mapping, textOf } from './load-yaml.ts'
import { directoryOf, joined } from './paths.ts'
import { putFile } from './put-file.ts'
import { resolveValue } from './resolve-variables.ts'
import { allHold, type HostRun, resolved, type Scope, textIn } from './scope.ts'
import { conditionsOf, readTask, type Task } from './task.ts'

const DEEPEST = 12

/** Goes through a playbook as Ansible does for one host, and renders its haproxy.cfg and keepalived.conf. */
export function runPlaybook(playbook: string, run: HostRun, variables: VariableFiles, depth = 0): void {
  for (const item of listOf(readList(variables, playbook))) {
    const play = mapping(item)
    const imported = textOf(play['import_playbook']) ?? textOf(play['ansible.builtin.import_playbook'])
    const next = imported === undefined ? undefined : joined(directoryOf(playbook), imported)
    if (next !== undefined && depth < DEEPEST) runPlaybook(next, run, variables, depth + 1)
    if (play['hosts'] !== undefined)
      runPlay(play, { run, variables, playbook, role: undefined, defaults: {}, layers: [], depth: 0 })
  }
}

/** A playbook's plays, or a file's tasks. */
export function readList(variables: Pick<VariableFiles, 'files'>, path: string): unknown {
  const text = variables.files.get(path)
  return text === undefined ? [] : loadYaml(path, text).value
}

function runPlay(play: Record<string, unknown>, outer: Scope): void {
  const own = mapping(play['vars'])
  const scope = { ...outer, layers: [own] }
  const pattern = textIn(scope, listOf(play['hosts']).join(','))
  if (!hostsOfPattern(scope.variables.inventory, pattern).includes(scope.run.host)) return
  const files = listOf(play['vars_files'])
    .flat()
    .flatMap((file) => textOf(file) ?? [])
  const read = files.map((file) => variablesAt(scope, textIn(scope, file)))
  const inPlay = { ...scope, layers: [own, ...read] }
  runTasks(play['pre_tasks'], inPlay, directoryOf(scope.playbook))
  for (const role of listOf(play['roles'])) {
    const { role: name, name: other, vars, when, ...parameters } = typeof role === 'string' ? { role } : mapping(role)
    const given = { ...parameters, ...mapping(vars) }
    const called = textIn(inPlay, textOf(name) ?? textOf(other) ?? '')
    if (allHold(conditionsOf(when), inPlay)) runRole(called, 'main', inPlay, given)
  }
  runTasks(play['tasks'], inPlay, directoryOf(scope.playbook))
  runTasks(play['post_tasks'], inPlay, directoryOf(scope.playbook))
}

/** A role lies beside the playbook or in the project's `roles`; the project may be the role itself. */
function runRole(name: string, from: string, scope: Scope, given: Record<string, unknown>): void {
  if (scope.depth > DEEPEST) return
  const { files } = scope.variables
  const short = name.split('.').at(-1) ?? name
  const places = [`${directoryOf(scope.playbook)}/roles/${short}`, `roles/${short}`, short].map((path) =>
    path.replace(/^\//, ''),
  )
  const found = places.find((place) => [...files.keys()].some((path) => path.startsWith(`${place}/tasks/`)))
  const isProject = found === undefined && files.has('tasks/main.yml') && !files.has(`roles/${short}/tasks/main.yml`)
  if (found === undefined && !isProject) return
  const role = found ?? ''
  const at = (part: string) => (role === '' ? part : `${role}/${part}`)
  const main = (part: string, file: string) =>
    ['.yml', '.yaml'].map((suffix) => at(`${part}/${file}${suffix}`)).find((path) => files.has(path))
  const values = (part: string): Record<string, unknown> => {
    const path = main(part, 'main')
    const inside = [...files.keys()].filter((file) => file.startsWith(at(`${part}/main/`)))
    return Object.assign({}, ...(path === undefined ? inside : [path]).map((file) => valuesOf(scope.variables, file)))
  }
  const inner: Scope = {
    ...scope,
    role,
    defaults: { ...scope.defaults, ...values('defaults') },
    layers: [...scope.layers, values('vars'), given],
    depth: scope.depth + 1,
  }
  for (const dependency of listOf(mapping(readList(scope.variables, main('meta', 'main') ?? ''))['dependencies'])) {
    const called = typeof dependency === 'string' ? dependency : textOf(mapping(dependency)['role'])
    if (called !== undefined) runRole(called, 'main', inner, {})
  }
  const tasks = main('tasks', from.replace(/\.ya?ml$/, ''))
  if (tasks !== undefined) runTasks(readList(scope.variables, tasks), inner, directoryOf(tasks))
}

/** `directory`: that of the file in which the tasks stand. */
function runTasks(tasks: unknown, scope: Scope, directory: string): void {
  for (const value of listOf(tasks)) {
    const registered = textOf(mapping(value)['register'])
    if (registered !== undefined) scope.run.setByRun.set(registered, { file: scope.playbook, line: 0, col: 0 })
    const task = readTask(value)
    if (task && scope.depth <= DEEPEST)
      runTask(task, { ...scope, layers: [...scope.layers, task.common.variables] }, directory)
  }
}

function runTask(task: Task, scope: Scope, directory: string): void {
  for (const item of itemsOf(task, scope)) {
    const inner =
      item === undefined ? scope : { ...scope, layers: [...scope.layers, { [task.common.loopVariable]: item.value }] }
    if (!allHold(task.common.conditions, inner)) continue
    const text = (written: string) => textIn(inner, written)
    if (task.kind === 'block') runTasks(task.tasks, inner, directory)
    if (task.kind === 'role') runRole(text(task.name), task.from, inner, task.common.variables)
    if (task.kind === 'variables') Object.assign(inner.run.facts, variablesAt(inner, text(task.file)))
    if (task.kind === 'facts') setFacts(task.values, inner)
    if (task.kind === 'file') putFile(task, inner)
    if (task.kind === 'tasks') {
      const path = [directory, inner.role === undefined ? '' : `${inner.role}/tasks`].map((one) =>
        joined(one, text(task.file)),
      )
      const found = path.find((one) => one !== undefined && scope.variables.files.has(one))
      if (found !== undefined)
        runTasks(readList(scope.variables, found), { ...inner, depth: inner.depth + 1 }, directoryOf(found))
    }
  }
}

function itemsOf(task: Task, scope: Scope): ({ value: unknown } | undefined)[] {
  if (task.common.loop === undefined) return [undefined]
  const items = resolveValue(task.common.loop, resolved(scope, JSON.stringify(task.common.loop)))
  return Array.isArray(items)
    ? items
        .flat()
        .slice(0, 1000)
        .map((value) => ({ value }))
    : []
}

/** A fact that the run itself finds out is not known; whatever a file says of the same name stays. */
function setFacts(values: Record<string, unknown>, scope: Scope): void {
  for (const [name, value] of Object.entries(values)) {
    const { setByRun, facts } = scope.run
    const isFoundOut = [...setByRun.keys()].some((registered) =>
      new RegExp(`\\b${registered}\\b`).test(JSON.stringify(value)),
    )
    if (isFoundOut) setByRun.set(name, { file: scope.playbook, line: 0, col: 0 })
    else facts[name] = resolveValue(value, resolved(scope, JSON.stringify(value)))
  }
}

function variablesAt(scope: Scope, file: string): Record<string, unknown> {
  const places = [
    scope.role === undefined ? undefined : joined(`${scope.role}/vars`, file),
    joined(directoryOf(scope.playbook), file),
    joined('', file),
  ]
  const path = places.find((place) => place !== undefined && scope.variables.files.has(place))
  return path === undefined ? {} : valuesOf(scope.variables, path)
}
