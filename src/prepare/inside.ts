import { writeFileSync } from 'node:fs'
import { parse, type Revision, render } from './release-of-revision.ts'

/** Of all processes beside the agent this is the one that the kernel may end for want of memory. */
const OOM_SCORE_ADJUST = '900'

/** The other side of `prepare`: answers a revision with two results, of parsing and, when that went well, of rendering. */
export function runPreparation(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', OOM_SCORE_ADJUST)
  } catch {
    // It inherits the agent's.
  }
  process.once('message', (revision: Revision) => {
    const spec = parse(revision)
    if (spec.kind === 'failed') return answerAndEnd(spec)
    // What is parsed stays here.
    process.send?.({ ...spec, value: undefined })
    answerAndEnd(render(revision, spec.value))
  })
}

/** A long answer is not written at once: the channel must stay until it is. */
function answerAndEnd(result: unknown): void {
  process.send?.(result, undefined, {}, () => process.disconnect())
}
