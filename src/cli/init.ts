import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readAsset } from '../assets.ts'
import { jsonSchema } from '../spec/json-schema.ts'
import { shellWord } from './print.ts'
import { refuse } from './refuse.ts'

const README = `# Load balancer configuration

\`lb.yaml\` describes the whole cluster; the lb-agent on each balancer renders its own node from it.

    lb-agent validate .                 # before a commit, and in CI
    lb-agent prove .                    # who takes over under every fault, and how fast
    lb-agent plan . --node NAME         # what would change on a node
    git push                            # every agent applies it, or rejects it and says why
`

const TEMPLATES = ['templates/haproxy.cfg.j2', 'templates/keepalived.conf.j2'] as const

/**
 * Writes a commented starter repository that validates, or with `templates` the two built-in templates for a repository to change;
 * nothing where one of the files is there already. 0 = written, 1 = something is there.
 */
export async function init(directory: string, options: { templates?: boolean } = {}): Promise<number> {
  const files = options.templates === true ? builtInTemplates() : starter()
  const there = files.filter(([name]) => existsSync(join(directory, name)))
  if (there.length > 0) {
    const names = there.map(([name]) => join(directory, name)).join(', ')
    return refuse(`${names} ${there.length === 1 ? 'is' : 'are'} there already; nothing was written`, { code: 1 })
  }
  for (const [name, text] of files) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  console.log(`wrote ${files.map(([name]) => name).join(', ')} in ${directory}`)
  console.log(nextStep(directory, options.templates === true))
  return 0
}

function starter(): [string, string][] {
  return [
    ['lb.yaml', readAsset('examples/one-pair/lb.yaml')],
    ['lb.schema.json', `${JSON.stringify(jsonSchema('lb'), undefined, 2)}\n`],
    ['README.md', README],
  ]
}

function builtInTemplates(): [string, string][] {
  return TEMPLATES.map((name) => [name, readAsset(name)])
}

function nextStep(directory: string, hasTemplates: boolean): string {
  const path = shellWord(directory)
  if (hasTemplates)
    return `next: change them beside lb.yaml, delete the one that stays as it is, then: lb-agent validate ${path}`
  return `next: put your addresses into lb.yaml, then: lb-agent validate ${path} && lb-agent prove ${path}`
}
