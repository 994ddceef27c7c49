import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { exec } from '../../src/exec.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLES = join(ROOT, 'examples/ci')
const PIPELINES = readdirSync(EXAMPLES).filter((name) => name !== 'README.md')

/** One that is right, and one whose own template gives every node the same priority. */
let good = ''
let tied = ''
before(() => {
  good = mkdtempSync(join(tmpdir(), 'lb-ci-'))
  tied = mkdtempSync(join(tmpdir(), 'lb-ci-'))
  for (const repository of [good, tied]) cpSync(join(ROOT, 'examples/k3s-ha/lb.yaml'), join(repository, 'lb.yaml'))
  const template = readFileSync(join(ROOT, 'templates/keepalived.conf.j2'), 'utf8')
  mkdirSync(join(tied, 'templates'))
  writeFileSync(
    join(tied, 'templates/keepalived.conf.j2'),
    template.replace('priority {{ instance.priority }}', 'priority 100'),
  )
})
after(() => {
  for (const repository of [good, tied]) rmSync(repository, { recursive: true, force: true })
})

/** What a pipeline calls, without sudo and where its output goes. */
function callsIn(pipeline: string): string[][] {
  const lines = readFileSync(join(EXAMPLES, pipeline), 'utf8').match(
    /lb-agent (?:validate|prove|plan|drill) [^\n'>|]*/g,
  )
  return (lines ?? []).map((line) => line.trim().split(/\s+/).slice(1))
}

test('there is a pipeline for GitHub Actions, GitLab and Jenkins', () => {
  assert.deepEqual(PIPELINES.sort(), ['Jenkinsfile', 'github-actions.yml', 'gitlab-ci.yml'])
})

test('no pipeline makes an empty report where the installation failed', () => {
  const text = (pipeline: string) => readFileSync(join(EXAMPLES, pipeline), 'utf8')
  const steps: { name?: string; uses?: string; if?: string }[] = parse(text('github-actions.yml')).jobs.prove.steps
  assert.deepEqual(
    steps.flatMap(({ name, uses, if: condition }) => (condition === undefined ? [] : [[name ?? uses, condition]])),
    [
      ['report', "always() && steps.install.outcome == 'success'"],
      ['github/codeql-action/upload-sarif@v3', "always() && steps.report.outcome == 'success'"],
    ],
  )
  for (const pipeline of ['Jenkinsfile', 'gitlab-ci.yml'])
    assert.match(text(pipeline), /if command -v lb-agent; then lb-agent prove \. --format sarif > lb-agent\.sarif/)
})

for (const pipeline of PIPELINES) {
  test(`${pipeline} passes for the example cluster, and stops one that leaves a VIP unserved`, async () => {
    if (pipeline.endsWith('.yml')) parse(readFileSync(join(EXAMPLES, pipeline), 'utf8'))
    const calls = callsIn(pipeline)
    assert.ok(calls.length >= 3, calls.join('; '))
    for (const [repository, code] of [
      [good, 0],
      [tied, 1],
    ] as const) {
      for (const call of calls) {
        const result = await exec(join(ROOT, 'dist/lb-agent'), call, { timeoutMs: 60_000, cwd: repository })
        assert.ok(result.kind === 'exited', call.join(' '))
        assert.equal(result.code, code, `${call.join(' ')}: ${result.stdout} ${result.stderr}`)
        if (code === 1) assert.match(result.stdout.toString('utf8'), /TIE/)
      }
    }
  })
}
