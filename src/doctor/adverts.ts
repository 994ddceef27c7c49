import { join } from 'node:path'
import { describeFailure, exec } from '../exec.ts'
import { readWaiting, TAKEOVER_FILE } from '../health/takeover.ts'
import { ownAddresses } from '../observe/addresses.ts'
import type { Check } from './check.ts'
import type { Examined } from './examined.ts'
import { neighbours, withMacs } from './neighbours.ts'
import { advertsOf, advertsVerdict, type Heard } from './verdicts/adverts.ts'
import type { Verdict } from './verdicts/verdict.ts'

/** Longer than three adverts of a hand-written pair, whose interval is mostly 1 s. */
const LISTENS_MS = 3_500

export const ADVERT_CHECKS: readonly Check[] = [
  { family: 'network', name: 'adverts', withinMs: LISTENS_MS + 3_500, look: lookForAdverts },
]

async function lookForAdverts(
  { config, desired, manager }: Examined,
  signal: AbortSignal,
): Promise<Record<string, Verdict>> {
  if (desired.kind === 'unknown') return {}
  const { node, spec } = desired
  const vips = spec.vips.filter(({ prefer }) => prefer.includes(node.name))
  if (vips.length === 0) return {}
  const before = ownAddresses()
  const heard = await listen(node.interface, signal)
  const after = ownAddresses()
  const waiting = readWaiting(join(config.paths.state, TAKEOVER_FILE))
  const macs = new Map((await neighbours(node.interface, signal)).map(({ address, mac }) => [address, mac]))
  const nodes = withMacs(desired, macs)
  return Object.fromEntries(
    vips.map((vip) => {
      const expected = {
        ...{ vip, interface: node.interface, listenedMs: LISTENS_MS, self: node.name, nodes },
        advertIntervalMs: spec.vrrp.advertIntervalMs,
        heldHere: before.has(vip.address) && after.has(vip.address),
        waits: waiting.includes(vip.name),
      }
      return [`adverts of VIP ${vip.name}`, advertsVerdict(heard, expected, manager)] as const
    }),
  )
}

// timeout(1), not only the deadline of exec: it ends tcpdump also when the doctor itself is killed.
const TIMEOUT = ['--signal=INT', '--kill-after=1', String(LISTENS_MS / 1000)]
// Not -p: without promiscuous mode most cards drop multicast that keepalived has not asked for.
const TCPDUMP = ['-e', '-t', '-l', '-nn', '-c', '5000']

async function listen(link: string, signal: AbortSignal): Promise<Heard> {
  if (process.getuid?.() !== 0) return { kind: 'not root' }
  const words = [...TIMEOUT, 'tcpdump', ...TCPDUMP, '-i', link, 'ip proto 112 or ip6 proto 112']
  const said = await exec('timeout', words, { timeoutMs: LISTENS_MS + 2_000, signal })
  // timeout(1): 124 when the time was up, 127 when there is no such program. tcpdump itself ends with 0 after -c packets.
  if (said.kind === 'exited' && said.code === 127) return { kind: 'no tcpdump' }
  const isHeard = said.kind === 'timeout' || (said.kind === 'exited' && (said.code === 124 || said.code === 0))
  if (!isHeard) return { kind: 'failed', reason: describeFailure(said) }
  return { kind: 'adverts', adverts: advertsOf(said.stdout.toString('utf8')) }
}
