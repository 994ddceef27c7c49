import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Annotation } from '../../src/annotate/annotation.ts'
import { formatGithub } from '../../src/annotate/github.ts'
import { formatSarif } from '../../src/annotate/sarif.ts'

const TIE: Annotation = {
  rule: 'TIE',
  severity: 'warning',
  at: { file: 'lb1.conf', line: 14, col: 3 },
  related: [{ file: 'lb2.conf', line: 21, col: 3 }],
  message: 'lb1 and lb2 have the same priority',
}
const WHOLE_FILE: Annotation = {
  rule: 'STATS',
  severity: 'note',
  at: { file: 'haproxy.cfg', line: 0, col: 0 },
  related: [],
  message: 'all of it',
}
const WEIGHT: Annotation = {
  rule: 'WEIGHT',
  severity: 'error',
  at: { file: 'a b/lb#1.conf', line: 2, col: 0 },
  related: [],
  message: '110 - 10 = 100 ties',
}

describe('lines for GitHub', () => {
  test('name the place, and in the text the other places', () => {
    assert.equal(
      formatGithub([TIE]),
      '::warning file=lb1.conf,line=14,col=3,title=TIE::lb1 and lb2 have the same priority (see also lb2.conf:21)',
    )
  })

  test('have no line where a finding is about a whole file, and call a note a notice', () => {
    assert.equal(formatGithub([WHOLE_FILE]), '::notice file=haproxy.cfg,title=STATS::all of it')
  })

  test('stand below each other', () => {
    assert.equal(formatGithub([TIE, WHOLE_FILE]).split('\n').length, 2)
  })

  test('escape what ends a text, and in properties also what ends a property', () => {
    const odd: Annotation = {
      ...WHOLE_FILE,
      severity: 'error',
      at: { file: 'a,b:c%.conf', line: 1, col: 2 },
      message: '100% sure: one,\r\ntwo::error',
    }
    assert.equal(
      formatGithub([odd]),
      '::error file=a%2Cb%3Ac%25.conf,line=1,col=2,title=STATS::100%25 sure: one,%0D%0Atwo::error',
    )
  })
})

describe('SARIF', () => {
  const log: unknown = JSON.parse(
    formatSarif([TIE, WHOLE_FILE, WEIGHT, TIE], {
      version: '0.1.0',
      rules: { TIE: 'equal priorities', STATS: 'open statistics', WEIGHT: 'too small a weight', OTHER: 'not found' },
    }),
  )

  test('lists the rules that were found, and each result with its rule, level and places', () => {
    const tie = {
      ruleId: 'TIE',
      ruleIndex: 1,
      level: 'warning',
      message: { text: 'lb1 and lb2 have the same priority' },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'lb1.conf' }, region: { startLine: 14, startColumn: 3 } },
        },
      ],
      relatedLocations: [
        {
          id: 1,
          physicalLocation: { artifactLocation: { uri: 'lb2.conf' }, region: { startLine: 21, startColumn: 3 } },
        },
      ],
    }
    assert.deepEqual(log, {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'lb-agent',
              version: '0.1.0',
              rules: [
                { id: 'STATS', shortDescription: { text: 'open statistics' } },
                { id: 'TIE', shortDescription: { text: 'equal priorities' } },
                { id: 'WEIGHT', shortDescription: { text: 'too small a weight' } },
              ],
            },
          },
          columnKind: 'utf16CodeUnits',
          results: [
            tie,
            {
              ruleId: 'STATS',
              ruleIndex: 0,
              level: 'note',
              message: { text: 'all of it' },
              locations: [{ physicalLocation: { artifactLocation: { uri: 'haproxy.cfg' } } }],
            },
            {
              ruleId: 'WEIGHT',
              ruleIndex: 2,
              level: 'error',
              message: { text: '110 - 10 = 100 ties' },
              locations: [
                { physicalLocation: { artifactLocation: { uri: 'a%20b/lb%231.conf' }, region: { startLine: 2 } } },
              ],
            },
            tie,
          ],
        },
      ],
    })
  })

  test('is a run without results where nothing was found', () => {
    assert.deepEqual(JSON.parse(formatSarif([], { version: '0.1.0', rules: {} })), {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'lb-agent', version: '0.1.0', rules: [] } },
          columnKind: 'utf16CodeUnits',
          results: [],
        },
      ],
    })
  })
})
