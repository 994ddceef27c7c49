import { unknownValue } from './filters.ts'
import { directoryOf, joined, nameOf } from './paths.ts'
import { renderTemplate } from './render-template.ts'
import { type Kind, resolved, type Scope, textIn } from './scope.ts'
import type { Task } from './task.ts'

type FileTask = Extract<Task, { kind: 'file' }>
type Written = { task: FileTask; source: string | undefined; text: string }

/** What `template` and `copy` put on a host: its two main files, and scripts, one of which may be keepalived's check. */
export function putFile(task: FileTask, scope: Scope): void {
  const destination = textIn(scope, task.destination)
  const written = task.source === undefined ? undefined : textIn(scope, task.source)
  const kind = kindOf(destination, written)
  const source = written === undefined ? undefined : sourceAt(scope, written, task.isTemplate ? 'templates' : 'files')
  const text = source === undefined ? task.content : scope.variables.files.get(source)
  if (kind === undefined) {
    if (text?.startsWith('#!') === true) putScript(pathOf(destination, written), { task, source, text }, scope)
    return
  }
  const { run } = scope
  if (text === undefined) {
    const message = `takes ${kind === 'haproxy' ? 'haproxy.cfg' : 'keepalived.conf'} of ${run.host} from ${written ?? unknownValue('no file')}, which is not among the files`
    run.failed.add(kind)
    run.problems.set(message, { file: scope.playbook, line: 0, col: 0, message })
    return
  }
  const file = source ?? scope.playbook
  scope.variables.read.add(file)
  if (!task.isTemplate && source !== undefined) {
    run.files.set(kind, { source: file, text, lines: undefined })
    return
  }
  const rendered = renderTemplate(file, text, resolved(scope, text))
  if (rendered.kind === 'problem') {
    run.failed.add(kind)
    run.problems.set(rendered.problem.message, rendered.problem)
    return
  }
  for (const problem of rendered.unknown)
    run.problems.set(`${problem.file}:${problem.line} ${problem.message}`, problem)
  run.files.set(kind, { source: file, text: rendered.text, lines: rendered.lines })
}

/** A script that holds a value which is not known does not say what it will do. */
function putScript(path: string, { task, source, text }: Written, scope: Scope): void {
  if (!task.isTemplate && source !== undefined) {
    scope.run.scripts.set(path, text)
    return
  }
  const rendered = renderTemplate(source ?? scope.playbook, text, resolved(scope, text))
  const isKnown = rendered.kind === 'text' && rendered.unknown.length === 0
  scope.run.scripts.set(path, isKnown ? rendered.text : undefined)
}

/** `dest` may name the directory alone. */
function pathOf(destination: string, source: string | undefined): string {
  return destination.endsWith('/') ? `${destination}${nameOf(source ?? '')}` : destination
}

/** The main files alone: drop-ins of units and check scripts go elsewhere. */
function kindOf(destination: string, source: string | undefined): Kind | undefined {
  const name = nameOf(pathOf(destination, source)).replace(/\.j2$/, '')
  if (/haproxy[^/]*\.cfg$/.test(name)) return 'haproxy'
  return /keepalived[^/]*\.conf$/.test(name) ? 'keepalived' : undefined
}

/** Beside the role or the playbook, in its `templates` or not; from the top of the project as a last try. */
function sourceAt(scope: Scope, source: string, part: 'templates' | 'files'): string | undefined {
  const base = directoryOf(scope.playbook)
  const places = [
    ...(scope.role === undefined ? [] : [joined(`${scope.role}/${part}`, source), joined(scope.role, source)]),
    ...[joined(`${base}/${part}`, source), joined(base, source), joined(part, source), joined('', source)],
  ]
  return places.find((place) => place !== undefined && scope.variables.files.has(place))
}
