import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readDesired } from '../../src/cli/read-desired.ts'
import { parseFirewallOptions, type WrittenOptions } from '../../src/firewall/options.ts'
import { firewallText } from '../../src/firewall/text.ts'
import type { Spec } from '../../src/spec/spec.ts'

/** The Spec of a directory of `examples`. */
export function example(name: string): Spec {
  const desired = readDesired(join(import.meta.dirname, '../../examples', name))
  assert.ok(desired.kind === 'desired')
  return desired.spec
}

/** What `lb-agent firewall` prints for a node, for port 9853 and nobody who scrapes unless it is written otherwise. */
export function print(spec: Spec, name: string, written: Partial<WrittenOptions> = {}): string {
  const read = parseFirewallOptions({ port: '9853', scraper: [], ...written })
  const node = spec.nodes.find((one) => one.name === name)
  assert.ok(read.kind === 'options' && node !== undefined, JSON.stringify(read))
  return firewallText(spec, node, read.options)
}
