// Bundles the agent into dist/lb-agent.mjs and puts the launcher beside it as dist/lb-agent.
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const texts = ['templates/haproxy.cfg.j2', 'templates/keepalived.conf.j2', 'examples/one-pair/lb.yaml']
const engine = 'node_modules/minijinja-js/dist/web/minijinja_js_bg.wasm'

const assets = Object.fromEntries(texts.map((name) => [name, readFileSync(name, 'utf8')]))
// Read only when something is rendered, and a third as long for every start to read past.
assets[engine] = brotliCompressSync(readFileSync(engine)).toString('base64')

// Only an agent with webhooks needs undici, only a person pino-pretty, and only the installer systeminformation: as text they
// cost the others no parsing at every start.
for (const [name, used] of [
  ['undici', 'request'],
  ['pino-pretty', 'prettyFactory'],
  ['systeminformation', 'osInfo'],
]) {
  const built = await build({
    stdin: { contents: `export { ${used} } from '${name}'`, resolveDir: '.' },
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    legalComments: 'none',
    // It is loaded from a data: URL, for which there is no createRequire.
    banner: { js: 'const require = (name) => process.getBuiltinModule(name);' },
  })
  assets[name] = brotliCompressSync(built.outputFiles[0].contents).toString('base64')
}

// One file without anything from elsewhere: style and script are inside.
const page = await build({
  entryPoints: ['src/page/main.ts'],
  write: false,
  bundle: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  minify: true,
})
const fill = (html, mark, text) => html.replace(mark, () => text.trim())
assets['dist/status-page.html'] = fill(
  fill(readFileSync('src/page/page.html', 'utf8'), '/*STYLE*/', readFileSync('src/page/page.css', 'utf8')),
  '/*SCRIPT*/',
  page.outputFiles[0].text,
)

mkdirSync('dist', { recursive: true })
writeFileSync('dist/status-page.html', assets['dist/status-page.html'])
await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/lb-agent.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Node 24 is what we ship; a higher target emits calls that it lacks.
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  external: ['undici', 'pino-pretty', 'systeminformation'],
  define: { LB_AGENT_VERSION: JSON.stringify(version) },
  banner: {
    js: [
      // CommonJS dependencies call require() for Node's own modules.
      "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      `const EMBEDDED_ASSETS = ${JSON.stringify(assets)};`,
    ].join('\n'),
  },
})
cpSync('src/launcher.sh', 'dist/lb-agent')
chmodSync('dist/lb-agent', 0o755)
