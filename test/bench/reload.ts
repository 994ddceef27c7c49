// Reloads under load: by lb-agent, and by hand with the same HAProxy and the same file, in one run.
//   npm run bench:reload -- [--reloads N] [--blocks N] [--window MS] [--json FILE]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createLab } from '../../src/drill/lab.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { prepareAgentSide } from './agent-side.ts'
import { createHandSide } from './hand-side.ts'
import { formatTable, type Measured, measureReload, type Side, summarizeSide } from './measure.ts'

const EVERY_MS = 2
const SPEC = `version: 1
cluster: bench
nodes: { lb1: { address: 10.77.0.11, interface: eth0 } }
vips: { web: { address: 10.77.1.10, virtualRouterId: 51, prefer: [lb1] } }
pools: { servers: { one: { address: 10.77.2.21, weight: WEIGHT }, two: 10.77.2.22 } }
services: { web: { vip: web, port: 80, pool: servers, profile: tcp } }
`

type Options = { reloads: number; blocks: number; windowMs: number; json: string | undefined }

/** 0 = lb-agent lost no more requests than the reloads by hand, 1 = it lost more, 2 = it cannot run here. */
async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) {
    console.error('bench:reload: --reloads N (a multiple of --blocks N, which is even), --window MS, --json FILE')
    return 2
  }
  if (process.getuid?.() !== 0) {
    console.error('bench:reload builds network namespaces, which needs root: run it as root, or with sudo')
    return 2
  }
  const texts = [1, 2].map((weight) => SPEC.replace('WEIGHT', String(weight)))
  const parsed = parseSpec(texts[0] ?? '', 'lb.yaml')
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems))
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort(new Error('interrupted')))

  const lab = await createLab(parsed.spec, ending.signal)
  try {
    const prepared = await prepareAgentSide(lab, texts, options.reloads, ending.signal)
    const hand = createHandSide(lab, { node: 'lb1', address: '10.77.1.10', files: prepared.files })
    const measured = await runBlocks([prepared.side, hand], options, (side) => measureReload(lab, side, EVERY_MS))
    ending.signal.throwIfAborted()
    return report(measured, options)

    async function runBlocks(
      sides: readonly [Side, Side],
      { reloads, blocks, windowMs }: Options,
      start: (side: Side) => ReturnType<typeof measureReload>,
    ): Promise<Measured[]> {
      const all: Measured[] = []
      // ABBA: what changes on the machine over time weighs on both alike.
      for (const [index, side] of abba(sides, blocks).entries()) {
        const session = await start(side)
        try {
          for (let done = 0; done < reloads / blocks; done += 1) {
            ending.signal.throwIfAborted()
            all.push(await session.reload(windowMs))
          }
        } finally {
          await session.close()
        }
        console.error(`block ${index + 1}/${2 * blocks}: ${side.name}, ${reloads / blocks} reloads`)
      }
      return all
    }
  } finally {
    await lab.close()
  }
}

function report(measured: readonly Measured[], options: Options): number {
  const byAgent = summarizeSide('lb-agent', measured)
  const byHand = summarizeSide('by hand', measured)
  console.log(formatTable([byAgent, byHand], { perSecond: 1000 / EVERY_MS, windowMs: options.windowMs }))
  if (options.json !== undefined) {
    const { reloads, blocks, windowMs } = options
    const record = {
      reloads,
      blocks,
      windowMs,
      connectionsPerSecond: 1000 / EVERY_MS,
      sides: [byAgent, byHand],
      measured,
    }
    writeFileSync(options.json, `${JSON.stringify(record, undefined, 2)}\n`)
  }
  return byAgent.failed <= byHand.failed ? 0 : 1
}

function abba(sides: readonly [Side, Side], blocks: number): Side[] {
  const [a, b] = sides
  return Array.from({ length: blocks / 2 }, () => [a, b, b, a]).flat()
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        reloads: { type: 'string', default: '100' },
        blocks: { type: 'string', default: '4' },
        window: { type: 'string', default: '1500' },
        json: { type: 'string' },
      },
    })
    const [reloads, blocks, windowMs] = [Number(values.reloads), Number(values.blocks), Number(values.window)]
    const good = blocks >= 2 && blocks % 2 === 0 && reloads >= blocks && reloads % blocks === 0 && windowMs >= 0
    return good ? { reloads, blocks, windowMs, json: values.json } : undefined
  } catch {
    return undefined
  }
}

process.exitCode = await main().catch((error: Error) => {
  console.error(`bench:reload: ${error.message}; the lab is removed`)
  return 1
})
