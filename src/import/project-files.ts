import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../spec/problem.ts'

/** The text files below a directory by their paths in it, in the order of their names. */
export type ProjectFiles = { files: ReadonlyMap<string, string>; problems: readonly Problem[] }

const MOST_FILES = 5000
const MOST_BYTES = 256 * 1024
const DEEPEST = 10
const PASSED_OVER = new Set(['.git', 'node_modules', '.terraform', '__pycache__', '.venv', 'venv', 'collections'])
/** Names without a suffix are read too: Ansible's `hosts`, a group's variables. `.sh`: check scripts. */
const READ = /^[^.]+$|\.(?:ya?ml|ini|cfg|conf|j2|jinja2?|tpl|tmpl|json|inventory|hosts|sh)$/i

/** Reads what may be a configuration. Links are not followed; one of them, or a file that is too long or no text, is left out and named. */
export function readProject(directory: string): ProjectFiles {
  const files = new Map<string, string>()
  const problems: Problem[] = []
  const visit = (below: string, depth: number): void => {
    for (const name of readdirSync(join(directory, below)).sort()) {
      if (files.size >= MOST_FILES) return
      const path = below === '' ? name : `${below}/${name}`
      const status = lstatSync(join(directory, path))
      if (status.isDirectory() && depth < DEEPEST && !PASSED_OVER.has(name)) visit(path, depth + 1)
      if (status.isSymbolicLink() && READ.test(name))
        problems.push(leftOut(path, 'it is a link, and links are not followed; put what it leads to in its place'))
      if (!status.isFile() || !READ.test(name)) continue
      if (status.size > MOST_BYTES)
        problems.push(leftOut(path, `it has ${Math.ceil(status.size / 1024)} KiB, and 256 KiB are read`))
      else addText(path)
    }
  }
  const addText = (path: string): void => {
    const text = readFileSync(join(directory, path), 'utf8').replaceAll('\r\n', '\n')
    if (!text.includes('\u0000') && !text.includes('\u0001')) files.set(path, text)
    // One without a suffix may be a program, which is none of this.
    else if (/\.[^/]*$/.test(path)) problems.push(leftOut(path, 'it is no text in UTF-8'))
  }
  visit('', 0)
  if (files.size >= MOST_FILES) {
    problems.push({
      ...leftOut(directory, ''),
      message: `has more than ${MOST_FILES} files, and only so many were read`,
    })
  }
  return { files, problems }
}

function leftOut(file: string, why: string): Problem {
  return { file, line: 0, col: 0, message: `was left out: ${why}` }
}
