import { parse, type Revision, render } from './release-of-revision.ts'

/** The other side of `prepare`: answers a revision with two results, of parsing and, when that went well, of rendering. */
export function runPreparation(): void {
  process.once('message', (revision: Revision) => {
    const spec = parse(revision)
    // What is parsed stays here.
    process.send?.(spec.kind === 'ok' ? { ...spec, value: undefined } : spec)
    if (spec.kind === 'ok') process.send?.(render(revision, spec.value))
    process.disconnect()
  })
}
