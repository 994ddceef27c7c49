import type { FaultKind } from '../proof/model.ts'

/** As a person says it, before `on NODE`. */
export const FAULT_WORDS: Readonly<Record<FaultKind, string>> = {
  'haproxy-dead': 'a dead HAProxy',
  'haproxy-hung': 'a hung HAProxy',
  'keepalived-stopped': 'a stopped keepalived',
  'keepalived-killed': 'a killed keepalived',
  'node-lost': 'the loss of the node',
  'servers-lost': 'the loss of the way to the servers',
  'link-down': 'a link that is down',
}
