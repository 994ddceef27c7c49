import type { Fault } from '../drill/faults/fault.ts'
import { FAULTS } from '../drill/faults/table.ts'

/** The faults of `--faults`: a list of names, `all`, or the short drill when it is not given. */
export function chooseFaults(
  list: string | undefined,
): { kind: 'faults'; faults: Fault[] } | { kind: 'unknown'; name: string } {
  if (list === undefined) return { kind: 'faults', faults: FAULTS.filter(({ byDefault }) => byDefault) }
  if (list === 'all') return { kind: 'faults', faults: [...FAULTS] }
  const faults: Fault[] = []
  for (const name of list.split(',')) {
    const fault = FAULTS.find((known) => known.name === name)
    if (fault === undefined) return { kind: 'unknown', name }
    faults.push(fault)
  }
  return { kind: 'faults', faults }
}

/** One line per fault; those of a short drill are marked. */
export function listFaults(): string {
  const width = Math.max(...FAULTS.map(({ name }) => name.length))
  const lines = FAULTS.map(
    ({ name, summary, byDefault }) => `${byDefault ? '*' : ' '} ${name.padEnd(width)}  ${summary}`,
  )
  return [...lines, '* runs unless --faults says otherwise; --faults all runs every one'].join('\n')
}
