import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'

/** What is written, and the problems that are told of it, as `line:column sentence`. */
export type Row = readonly [text: string, ...problems: string[]]

/** Each as `line:column sentence`. */
export function problemsOf(text: string): string[] {
  const { problems } = readKeepalivedConfig('k.conf', text, { configId: 'lb1', include: () => [] })
  return problems.map(({ line, col, message }) => `${line}:${col} ${message}`)
}

/** A test for each row, whose text `whole` makes a file of. */
export function tell(part: string, rows: readonly Row[], whole: (text: string) => string): void {
  for (const [text, ...problems] of rows)
    test(`${part}: ${JSON.stringify(text)} is told as a problem`, () => {
      assert.deepEqual(problemsOf(whole(text)), problems)
    })
}

const DEFINED = `global_defs {
enable_script_security
}
vrrp_script chk {
script "/bin/true"
}
track_file gate {
file /run/gate
}
vrrp_track_process lb {
process haproxy
}
`

/** A file with an instance that has `text` from line 16 on, behind trackers that it may follow. */
export function instance(text: string): string {
  return `${DEFINED}vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\n${text}\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n`
}

/** A file with an instance whose second address is `text`, in line 6. */
export function withAddress(text: string): string {
  return `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.9\n${text}\n}\n}\n`
}
