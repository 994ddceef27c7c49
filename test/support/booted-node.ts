import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createLab, type Lab } from '../../src/drill/lab.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { type Booted, boot } from './booted.ts'
import { readable } from './booted-cluster.ts'
import { removeBootedLeftovers } from './booted-leftovers.ts'
import { specText } from './cluster.ts'
import { createRepository, type Repository } from './repo.ts'

/** Machine `one` of two nodes, alone and without a client, and a repository that it sees. */
export type BootedNode = { lab: Lab; repository: Repository; one: Booted; close(): Promise<void> }

/** `binds`: as `boot` takes them, beside the repository. */
export async function bootNode(
  image: string,
  prepare: (root: string) => void = () => undefined,
  binds: Readonly<Record<string, string>> = {},
): Promise<BootedNode> {
  const text = specText()
  const parsed = parseSpec(text, 'lb.yaml')
  assert.ok(parsed.kind === 'spec')
  await removeBootedLeftovers()
  const repository = createRepository()
  repository.commit({ 'lb.yaml': text }, 'Describe the cluster')
  readable(repository)
  const lab = await createLab(parsed.spec)
  try {
    const one = await boot({
      ...{ image, name: 'one', namespace: lab.network.namespace('one'), prepare },
      directory: join(lab.directory, 'machines', 'one'),
      binds: { '/srv/lb-config': repository.directory, ...binds },
    })
    const close = async (): Promise<void> => {
      await one.close()
      repository.close()
      await lab.close()
    }
    return { lab, repository, one, close }
  } catch (error) {
    repository.close()
    await lab.close()
    throw error
  }
}
