import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readAsset } from '../assets.ts'
import type { Places } from '../spec/parse-file.ts'
import { parseSpec } from '../spec/parse-spec.ts'
import type { Problem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'

export type Templates = { haproxy: string; keepalived: string }

export type Desired =
  | { kind: 'desired'; file: string; spec: Spec; places: Places; templates: Templates }
  | { kind: 'problems'; problems: readonly Problem[] }

/** Reads a desired state as a person names it: lb.yaml, or the directory that holds it (and perhaps templates/). */
export function readDesired(path: string): Desired {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'lb.yaml') : path
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : (error as Error).message
    const message = `${why}; PATH is lb.yaml or the directory that holds it, and lb-agent init DIR writes one to start from`
    return { kind: 'problems', problems: [{ file, line: 0, col: 0, message }] }
  }
  const parsed = parseSpec(text, file)
  if (parsed.kind === 'problems') return parsed
  const templates = {
    haproxy: readOwn(file, 'templates/haproxy.cfg.j2') ?? readAsset('templates/haproxy.cfg.j2'),
    keepalived: readOwn(file, 'templates/keepalived.conf.j2') ?? readAsset('templates/keepalived.conf.j2'),
  }
  return { kind: 'desired', file, spec: parsed.spec, places: parsed.places, templates }
}

function readOwn(file: string, name: string): string | undefined {
  try {
    return readFileSync(join(dirname(file), name), 'utf8')
  } catch {
    return undefined
  }
}
