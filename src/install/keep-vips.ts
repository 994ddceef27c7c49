import { readNetworkd } from '../doctor/networkd.ts'
import { perform } from '../doctor/perform.ts'
import type { MendStep } from '../doctor/verdicts/mend.ts'
import { type Networkd, networkdVerdict } from '../doctor/verdicts/network.ts'
import type { Spec } from '../spec/spec.ts'
import { done, failed, type Step } from './options.ts'

/** A step for a host whose systemd-networkd would take the VIPs off the node's interface; none where it would not. */
export function keepVips({ nodes }: Spec, node: string): Step[] {
  const link = nodes.find(({ name }) => name === node)?.interface
  const step = link === undefined ? undefined : keepVipsStep(link, readNetworkd(link))
  return step === undefined ? [] : [step]
}

/** The same from what was read: the doctor's own mend of it, which `doctor --fix` does on a host that is installed already. */
export function keepVipsStep(link: string, found: Networkd): Step | undefined {
  const verdict = networkdVerdict(link, found)
  const [first, ...others] = verdict.kind === 'problem' ? (verdict.mend ?? []) : []
  if (first?.kind !== 'write') return undefined
  return {
    what: `have systemd-networkd keep the VIPs on ${link} (${first.path}), from its next start on`,
    shows: first.lines.join('\n'),
    perform: () => performAll([first, ...others]),
  }
}

async function performAll(steps: readonly MendStep[]): ReturnType<Step['perform']> {
  for (const step of steps) {
    const outcome = await perform(step)
    if (outcome.kind === 'failed')
      return failed(outcome.reason, 'make room, or mend the permissions, and run lb-agent install again')
  }
  return done()
}
