/** A VIP changed its state on this node. */
export type Move = {
  vip: string
  address: string
  from: 'MASTER' | 'BACKUP' | 'FAULT' | 'UNKNOWN'
  to: 'MASTER' | 'BACKUP' | 'FAULT' | 'UNKNOWN'
  priority: number
  reason: string
  atMs: number
}

/** A revision that this node does not run because something was wrong with it. */
export type Rejection = {
  result: string
  revision: string
  subject: string
  author: string
  stage: string
  reason: string
  atMs: number
}

/** What webhooks are told. */
export type Notice = { event: 'move'; move: Move } | { event: 'rejected'; rejection: Rejection }
