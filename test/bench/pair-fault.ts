import type { Effect } from '../../src/drill/faults/fault.ts'

/** A fault as a side injects it. */
export type PairFault = { name: string; spares: boolean; inject(): Promise<Effect> }

/** The noise of the machine and of the client itself: gaps below it say nothing. */
export const NO_FAULT = 'no-fault'
export const NO_FAULT_MS = 3_000
