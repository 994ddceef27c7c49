import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

/** Files that belong to the program: templates, examples and the template engine's WebAssembly. */
export type AssetName =
  | 'templates/haproxy.cfg.j2'
  | 'templates/keepalived.conf.j2'
  | 'examples/one-pair/lb.yaml'
  /** Made by build.mjs of src/page. */
  | 'dist/status-page.html'

// build.mjs puts the files into the bundle under this name; run from source they are read from the checkout.
declare const EMBEDDED_ASSETS: Readonly<Record<string, string>> | undefined

const ENGINE = 'node_modules/minijinja-js/dist/web/minijinja_js_bg.wasm'

/** The text of one of the program's own files. */
export function readAsset(name: AssetName): string {
  const embedded = typeof EMBEDDED_ASSETS === 'undefined' ? undefined : EMBEDDED_ASSETS[name]
  return embedded ?? readFileSync(join(import.meta.dirname, '..', name), 'utf8')
}

/** The template engine's WebAssembly module; in the bundle it is compressed. */
export function readEngine(): Uint8Array<ArrayBuffer> {
  const embedded = typeof EMBEDDED_ASSETS === 'undefined' ? undefined : EMBEDDED_ASSETS[ENGINE]
  if (embedded === undefined) return new Uint8Array(readFileSync(join(import.meta.dirname, '..', ENGINE)))
  return new Uint8Array(brotliDecompressSync(Buffer.from(embedded, 'base64')))
}

/** The HTTP client of webhooks, which most agents never load; in the bundle it is compressed. */
export async function loadUndici(): Promise<Pick<typeof import('undici'), 'request'>> {
  return (await loadEmbedded('undici')) ?? (await import('undici'))
}

/** What makes lines for people of the log, where somebody asks for them. */
export async function loadPretty(): Promise<Pick<typeof import('pino-pretty'), 'prettyFactory'>> {
  return (await loadEmbedded('pino-pretty')) ?? (await import('pino-pretty'))
}

/** Names the distribution, for the installer alone. */
export async function loadSystemInformation(): Promise<Pick<typeof import('systeminformation'), 'osInfo'>> {
  return (await loadEmbedded('systeminformation')) ?? (await import('systeminformation'))
}

async function loadEmbedded<T>(name: 'undici' | 'pino-pretty' | 'systeminformation'): Promise<T | undefined> {
  const embedded = typeof EMBEDDED_ASSETS === 'undefined' ? undefined : EMBEDDED_ASSETS[name]
  if (embedded === undefined) return undefined
  const code = brotliDecompressSync(Buffer.from(embedded, 'base64')).toString('base64')
  return (await import(`data:text/javascript;base64,${code}`)) as T
}
