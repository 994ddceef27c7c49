import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readAsset } from '../../src/assets.ts'
import { checkNode } from '../../src/check-node.ts'
import { createNodeRenderer, packagedTarget } from '../../src/cli/render-node.ts'
import { checkHaproxyFile } from '../../src/daemons/check-file.ts'
import { importFixture, importFixtures } from '../support/import-fixtures.ts'
import { missingForDaemons } from '../support/requirements.ts'
import { ACCEPTED_IN_SILENCE, inSilence } from './silent-daemons.ts'

const skip = missingForDaemons()
const templates = {
  haproxy: readAsset('templates/haproxy.cfg.j2'),
  keepalived: readAsset('templates/keepalived.conf.j2'),
}

describe('what import makes', { concurrency: 2 }, () => {
  for (const name of importFixtures()) {
    const { spec, old } = importFixture(name)
    const render = createNodeRenderer({
      kind: 'desired',
      file: 'lb.yaml',
      spec,
      places: () => ({ file: 'lb.yaml', line: 0, col: 0 }),
      templates,
    })

    for (const node of spec.nodes) {
      test(`the daemons accept ${name}/${node.name} without a word`, { skip }, async () => {
        const checks = await checkNode(
          node,
          (paths) => {
            const target = packagedTarget(node.name, '')
            return render({ ...target, paths: { ...target.paths, ...paths } })
          },
          inSilence,
        )
        assert.deepEqual(checks, ACCEPTED_IN_SILENCE)
      })
    }

    test(`HAProxy accepts the old files of ${name} as well as our reader does`, { skip }, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'lb-agent-import-'))
      try {
        for (const { node, haproxy } of old) {
          const file = join(directory, `${node.name}.cfg`)
          // No certificate and no directory of the pair is here, and no name of it can be looked up.
          const text = (node.haproxy?.text ?? '').replaceAll(
            / ssl crt \S+|^.*stats socket.*$|app3\.example\.org/gm,
            (found) => (found.startsWith('app3') ? '10.0.0.3' : ''),
          )
          writeFileSync(file, text)
          assert.deepEqual(haproxy?.problems, [])
          assert.deepEqual(await checkHaproxyFile(['haproxy'], file), { kind: 'passed' })
        }
      } finally {
        rmSync(directory, { recursive: true })
      }
    })
  }
})
