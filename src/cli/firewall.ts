import { existsSync } from 'node:fs'
import { parseFirewallOptions } from '../firewall/options.ts'
import { firewallText } from '../firewall/text.ts'
import { readAgentConfig } from './read-config.ts'
import { readDesired } from './read-desired.ts'
import { refuseFor } from './refuse.ts'
import { whichNode } from './which-node.ts'

export type FirewallVerbOptions = {
  node?: string
  config: string
  port?: string
  scraper?: readonly string[]
  into?: string
  intoOutput?: string
}

/** Prints a file for nft: what a balancer of PATH lets in, and from whom. */
export async function firewall(path: string, options: FirewallVerbOptions): Promise<number> {
  const config = existsSync(options.config) ? readAgentConfig(options.config) : undefined
  // The nodes ask each other at the same port.
  const port = options.port ?? String(config?.http.port ?? 9853)
  const read = parseFirewallOptions({ ...options, port, scraper: options.scraper ?? [] })
  if (read.kind === 'usage') {
    for (const sentence of read.sentences) console.error(`lb-agent: ${sentence}`)
    return 2
  }
  const desired = readDesired(path)
  if (desired.kind === 'problems') return refuseFor(desired.problems)
  const which = whichNode(desired, options.node ?? config?.node)
  if (which.kind === 'none') return which.exitCode
  process.stdout.write(firewallText(desired.spec, which.node, read.options))
  return 0
}
