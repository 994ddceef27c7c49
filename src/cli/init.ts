import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAsset } from '../assets.ts'
import { jsonSchema } from '../spec/json-schema.ts'

const README = `# Load balancer configuration

\`lb.yaml\` describes the whole cluster; the lb-agent on each balancer renders its own node from it.

    lb-agent validate .                 # before a commit, and in CI
    lb-agent prove .                    # who takes over under every fault, and how fast
    lb-agent plan . --node NAME         # what would change on a node
    git push                            # every agent applies it, or rejects it and says why
`

/** Writes a commented starter repository that validates; nothing where one of its files is there already. */
export async function init(directory: string): Promise<number> {
  const files: [string, string][] = [
    ['lb.yaml', readAsset('examples/one-pair/lb.yaml')],
    ['lb.schema.json', `${JSON.stringify(jsonSchema('lb'), undefined, 2)}\n`],
    ['README.md', README],
  ]
  const there = files.filter(([name]) => existsSync(join(directory, name)))
  if (there.length > 0) {
    console.error(
      `lb-agent: ${there.map(([name]) => join(directory, name)).join(', ')} is there already; nothing was written`,
    )
    return 1
  }
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of files) writeFileSync(join(directory, name), text)
  console.log(`wrote ${files.map(([name]) => name).join(', ')} in ${directory}`)
  console.log(
    `next: put your addresses into lb.yaml, then: lb-agent validate ${directory} && lb-agent prove ${directory}`,
  )
  return 0
}
