import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportSchema } from '../../src/report/json-schema.ts'
import { undescribed } from '../support/json-schema.ts'

test('explains every field of both reports', () => {
  assert.deepEqual(
    [...undescribed(reportSchema('status'), 'status'), ...undescribed(reportSchema('cluster'), 'cluster')],
    [],
  )
})

test('a report may have more fields than its schema names, for those who read a newer agent', () => {
  for (const which of ['status', 'cluster'] as const) {
    const text = JSON.stringify(reportSchema(which))
    assert.doesNotMatch(text, /additionalProperties":false|readOnly/)
    assert.match(text, /"\$schema":"https:\/\/json-schema\.org\/draft\/2020-12\/schema"/)
  }
})
