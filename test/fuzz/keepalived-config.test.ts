import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import { keepalivedTextOf } from './keepalived-text.ts'

/** FUZZ_SEED=n FUZZ_INPUTS=1 reads the one input that failed. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 1_000_000)
const LONGEST_MS = 2_000

test(`${INPUTS} texts from seed ${SEED} on are read to their end, with every problem in a line that exists`, () => {
  for (let seed = SEED; seed < SEED + INPUTS; seed += 1) {
    const text = keepalivedTextOf(seed)
    const startedAt = performance.now()
    try {
      look(text, seed)
    } catch (error) {
      throw new Error(`FUZZ_SEED=${seed} FUZZ_INPUTS=1: ${JSON.stringify(text)}`, { cause: error })
    }
    const took = performance.now() - startedAt
    if (took > LONGEST_MS) assert.fail(`FUZZ_SEED=${seed} took ${Math.round(took)} ms`)
  }
})

/** Includes give the file itself, or the next text. */
function look(text: string, seed: number): void {
  let included = ''
  const include = () => {
    included = seed % 2 === 0 ? text : keepalivedTextOf(seed + 1)
    return [{ name: 'b.conf', text: included }]
  }
  const { problems, instances } = readKeepalivedConfig('a.conf', text, { configId: 'lb1', include })
  const lines = new Map([
    ['a.conf', linesOf(text)],
    ['b.conf', linesOf(included)],
  ])
  const lost = problems.find(
    ({ file, line, col, message }) =>
      line < 1 || line > (lines.get(file) ?? 0) || col < 1 || col > text.length + included.length + 1 || message === '',
  )
  assert.equal(lost, undefined)
  const odd = instances.find(
    ({ priority, virtualRouterId, advertMs }) =>
      !(priority >= 1 && priority <= 255 && virtualRouterId >= 1 && virtualRouterId <= 255) ||
      !(advertMs >= 10 && advertMs <= 255_000),
  )
  assert.equal(odd, undefined)
}

function linesOf(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

const PIECES = [
  ...['{', '}', '"', "'", '\\', '\\\n', '#', '!', '\n', ' ', '\r', '\0', 'é', '@a ', '@^a ', '10.0.0.1 ', 'a{', '"a" '],
  ...[
    `$A=\${A}\${A}\n`,
    `$A=\${A}\${A}\n\${A}`,
    `$A=x\n\${A}\${A}`,
    `\${A}`,
    '$A=',
    '~SEQ(X,1,2)\n',
    'include x\n',
    'vrrp_instance a {',
  ],
  ...[
    'vrrp_instance a {\n',
    'vrrp_script a {\nscript x\n}\n',
    'vrrp_sync_group g {\ngroup {\n',
    'track_file f {\nfile x\n}\n',
  ],
]

for (const piece of PIECES)
  test(`a megabyte of ${JSON.stringify(piece)} is read at once`, () => {
    const text = piece.repeat(1_000_000 / piece.length)
    const before = process.cpuUsage()
    readKeepalivedConfig('a.conf', text, { configId: 'lb1', include: () => [{ name: 'b.conf', text }] })
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 10_000_000, `${(user + system) / 1_000_000} s`)
  })
