import type { Reading } from './reading.ts'
import type { Statement } from './statements.ts'

/** Words that say nothing about who holds an address: what of them makes keepalived run programs. */
export function readPassedOver({ keyword, at, words }: Statement, reading: Reading): void {
  const { report } = reading
  if (keyword.startsWith('notify') && keyword !== 'notify_priority_changes') {
    if (words[1] !== undefined) reading.firstScript ??= at
    else if (keyword !== 'notify_deleted') report(at, `${keyword} names no script; write one behind it`)
  }
}
