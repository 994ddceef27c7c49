import type { core } from 'zod'
import type { Finding } from './finding.ts'
import { didYouMean } from './nearest.ts'
import { shown } from './shown.ts'
import { formatPath, type YamlPath } from './yaml-path.ts'

/**
 * One issue of zod as findings: `vips.api.virtualRouterId is 300; a virtual router id is 1-255`.
 * The schema's own `error` texts say what is allowed; for an unknown key the text is the list of the known ones.
 */
export function findingsOfIssue(issue: core.$ZodIssue, root: unknown, base: YamlPath = []): Finding[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))]
  const value = valueAt(root, path)
  if (value === undefined)
    return [{ path, spot: 'parent', message: `${formatPath(path)} is missing; ${issue.message}` }]

  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], key, issue.message.split(', ')))
    case 'invalid_key':
      return [{ path, spot: 'key', message: `${formatPath(path)} is not a name here; ${issue.issues[0]?.message}` }]
    case 'invalid_union': {
      const branch = issue.errors.find((issues) => !issues.some(isOtherType))
      if (branch) return branch.flatMap((inner) => findingsOfIssue(inner, root, path))
      break
    }
    case 'custom':
      if (issue.params?.['unshown']) return [{ path, spot: 'value', message: `${formatPath(path)} ${issue.message}` }]
  }
  const said = SECRETS.has(path.at(-1)) ? 'is not usable' : `is ${shown(value)}`
  return [{ path, spot: 'value', message: `${formatPath(path)} ${said}; ${issue.message}${nearlyRight(issue, value)}` }]
}

/** `; write it without quotes`, or nothing: a value of which only the way to write it is wrong. */
function nearlyRight(issue: core.$ZodIssue, value: unknown): string {
  if (typeof value !== 'string') return ''
  const wantsNumber = issue.code === 'invalid_type' && NUMBERS.has(issue.expected)
  if (wantsNumber && /^(?:0|[1-9]\d{0,9})$/.test(value)) return '; write it without quotes'
  const wantsBoolean = issue.code === 'invalid_type' && issue.expected === 'boolean'
  return wantsBoolean && /^(?:true|false)$/.test(value) ? '; write it without quotes' : ''
}

const NUMBERS: ReadonlySet<string> = new Set(['int', 'number'])

/** Keys that name a file with a secret: whoever writes the secret itself does not find it in a log. */
const SECRETS: ReadonlySet<unknown> = new Set(['password', 'bearer'])

function unknownKey(path: YamlPath, key: string, known: readonly string[]): Finding {
  // {port:80} is a key without a value.
  const isJoined = known.some((one) => key.startsWith(`${one}:`))
  const hint = isJoined ? '; a blank is missing after the ":"' : didYouMean(key, known)
  const message = `${formatPath(path)} is not a key here; the keys are ${known.join(', ')}${hint}`
  return { path, spot: 'key', message }
}

/** The branch of a union was not meant: it wants another type of value altogether. */
function isOtherType(issue: core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
}

function valueAt(root: unknown, path: YamlPath): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}
