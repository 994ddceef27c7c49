import { prefixedAddress } from '../spec/fields.ts'
import { shown } from '../spec/shown.ts'

/** A chain of somebody else's, as nft names it: `inet filter input`. */
export type ChainName = { family: 'inet' | 'ip' | 'ip6'; table: string; chain: string }

/** Who may read the agent's port besides the nodes. */
export type Scraper = { address: string; prefixLength: number }

export type FirewallOptions = {
  /** Port of `http.listen`, on every node. */
  agentPort: number
  scrapers: readonly Scraper[]
  /** The chain that is to let things in; undefined: a table of its own is written, which only drops. */
  into: ChainName | undefined
  /** The chain that is to let things out; undefined: nothing is written for it. */
  intoOutput: ChainName | undefined
}

/** Chains that the file writes. */
export const CHAINS = { input: 'lb_agent', output: 'lb_agent_output' } as const

/** As the options of the verb come from a command line. */
export type WrittenOptions = {
  port: string
  scraper: readonly string[]
  into?: string | undefined
  intoOutput?: string | undefined
}

/**
 * What the words of a command line mean, or a sentence for each that means nothing. No word gets into nft's syntax by
 * another way than this: addresses come in canonical form, names in a closed alphabet.
 */
export function parseFirewallOptions(
  written: WrittenOptions,
): { kind: 'options'; options: FirewallOptions } | { kind: 'usage'; sentences: readonly string[] } {
  const sentences: string[] = []
  const accept = <T>(option: string, word: string, read: T | string): T | undefined => {
    if (typeof read !== 'string') return read
    sentences.push(`${option} is ${shown(word)}; ${read}`)
    return undefined
  }
  const chain = (option: string, word: string | undefined): ChainName | undefined =>
    word === undefined ? undefined : accept(option, word, parseChain(word))
  const agentPort = accept('--port', written.port, parsePort(written.port))
  const scrapers = written.scraper
    .flatMap((list) => list.split(','))
    .flatMap((word) => accept('--scraper', word, parseScraper(word)) ?? [])
  const into = chain('--into', written.into)
  const intoOutput = chain('--into-output', written.intoOutput)
  if (agentPort === undefined || sentences.length > 0) return { kind: 'usage', sentences }
  const once = new Map(scrapers.map((scraper) => [formatScraper(scraper), scraper]))
  return { kind: 'options', options: { agentPort, scrapers: [...once.values()], into, intoOutput } }
}

/** `10.17.3.50`, `10.17.3.0/24`. */
export function formatScraper({ address, prefixLength }: Scraper): string {
  return prefixLength === (address.includes(':') ? 128 : 32) ? address : `${address}/${prefixLength}`
}

/** `inet filter input`. */
export function formatChain({ family, table, chain }: ChainName): string {
  return `${family} ${table} ${chain}`
}

function parsePort(word: string): number | string {
  const port = /^[1-9]\d{0,4}$/.test(word) ? Number(word) : 0
  return port >= 1 && port <= 65_535 ? port : 'a port is 1-65535'
}

const scraper = prefixedAddress('a scraper')

function parseScraper(word: string): Scraper | string {
  const read = scraper.safeParse(word.trim())
  return read.success ? read.data : (read.error.issues[0]?.message ?? '')
}

// nft's own identifiers (scanner.l), without "/", "." and "\".
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/
const CHAIN_FORM =
  "a chain is its family (inet, ip or ip6), its table and its name, in quotes together: 'inet filter input'"

function parseChain(word: string): ChainName | string {
  const [family, table = '', chain = '', ...more] = word.trim().split(/ +/)
  if (family !== 'inet' && family !== 'ip' && family !== 'ip6') return CHAIN_FORM
  if (!NAME.test(table) || !NAME.test(chain) || more.length > 0) return CHAIN_FORM
  if (chain === CHAINS.input || chain === CHAINS.output)
    return 'that is a chain which this file writes; name the one that has the hook and jumps there'
  return { family, table, chain }
}
