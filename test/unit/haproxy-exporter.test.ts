import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exporterIn, withAdvice } from '../../src/daemons/haproxy-exporter.ts'

// Said by an HAProxy 2.6.12 that was built without USE_PROMEX, of a file that asks for its exporter without `.if`.
const REFUSAL =
  "parsing [haproxy.cfg:15] : error detected in frontend 'lb-agent:health' while parsing 'http-request use-service' rule : 'prometheus-exporter' unknown service name..\nError(s) found in configuration file : haproxy.cfg"

test('a refusal for want of the exporter says what to do', () => {
  assert.equal(
    withAdvice(REFUSAL),
    `${REFUSAL}\nHAProxy on this machine was built without its exporter (PROMEX): set metrics: { haproxy: agent } in agent.yaml, and restart the agent; a template of your own asks for it only if serves_metrics is true`,
  )
})

test('any other refusal stays as it is', () => {
  const other = "parsing [haproxy.cfg:15] : unknown keyword 'blance' in 'backend' section"
  assert.equal(withAdvice(other), other)
})

test('haproxy -vv says whether the exporter is there, or nothing of it', () => {
  const said = (feature: string): string => `Build options :\nFeature list : -51DEGREES +PRCTL ${feature}-QUIC +RT\n`
  assert.equal(exporterIn(said('+PROMEX ')), true)
  assert.equal(exporterIn(said('-PROMEX ')), false)
  assert.equal(exporterIn(said('')), undefined)
})
