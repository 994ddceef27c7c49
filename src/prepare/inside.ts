import { writeFileSync } from 'node:fs'
import { parse, prove, type Revision, render } from './release-of-revision.ts'

/** Of all processes beside the agent this is the one that the kernel may end for want of memory. */
const OOM_SCORE_ADJUST = '900'

/** The other side of `prepare`: answers a revision with the results of parsing, proving and rendering, up to the first that fails. */
export function runPreparation(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', OOM_SCORE_ADJUST)
  } catch {
    // It inherits the agent's.
  }
  process.once('message', (revision: Revision) => {
    const parsed = parse(revision)
    if (parsed.kind === 'failed') return answerAndEnd(parsed)
    // What is parsed stays here.
    process.send?.({ ...parsed, value: undefined })
    const proven = prove(revision, parsed.value)
    if (proven.kind === 'failed') return answerAndEnd(proven)
    process.send?.(proven)
    answerAndEnd(render(revision, parsed.value))
  })
}

/** A long answer is not written at once: the channel must stay until it is. */
function answerAndEnd(result: unknown): void {
  process.send?.(result, undefined, {}, () => process.disconnect())
}
