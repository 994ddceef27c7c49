import type { Status } from '../../src/status.ts'

/** A VIP that this node holds. */
export const VIP: Status['vips'][number] = {
  ...{ name: 'api', address: '10.0.0.20', state: 'MASTER', sinceMs: 0, effectivePriority: 254 },
  ...{ held: true, duplicate: null, score: 100, scoreReason: '', scoreCause: 'healthy' },
}

/** Of a node on which all is well; its headline is what a test is about. */
export const WELL: Omit<Status, 'headline'> = {
  format: 1,
  ...{ node: 'lb1', version: '1', atMs: 0, agent: { pid: 1, startedAtMs: 0, onDisk: null } },
  applied: { release: 'abc-1', revision: 'abc', atMs: 0 },
  ...{ previous: null, rejected: [], desired: null, suspended: null, lastPass: null },
  fetch: { ok: true, detail: '', ageMs: 0, everyMs: 30_000, nextInMs: 0, okAtMs: 0 },
  gate: { open: true, reason: 'HAProxy answers', sinceMs: 0, ageMs: 0, fresh: true },
  vips: [VIP],
  ...{ moves: [], drains: [], troubles: [], peers: [], drift: { files: [], ageMs: 0 } },
  haproxy: { state: 'running', pid: 2, version: '2.6', release: 'abc-1', uptimeSec: 1, ageMs: 0, oldWorkers: null },
  keepalived: { state: 'running', pid: 3 },
  services: [{ name: 'web', vip: 'api', address: '10.0.0.20', port: 80, up: 2, total: 2, minimum: 1, servers: [] }],
}
