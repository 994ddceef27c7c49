import type { Registry } from 'prom-client'
import type { OldWorkers } from '../daemons/haproxy-processes.ts'
import { ageOf, type Fact } from '../observe/observer.ts'
import { SCORE_CAUSES } from '../report/vip-schema.ts'
import type { Status } from '../status.ts'
import { createGauge } from './samples.ts'

const VRRP_STATES = ['MASTER', 'BACKUP', 'FAULT', 'UNKNOWN'] as const

/** What `status` says now, as gauges: `fill` takes one snapshot, so that all of a scrape was true at once. */
export function createAgentSamples(registry: Registry): {
  fill(status: Status, seen: { oldWorkers: Fact<OldWorkers>; dump: Fact<unknown> }): void
} {
  const all: { clear(): void }[] = []
  const samples = <Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) => {
    const made = createGauge(registry, `lb_agent_${name}`, help, labels)
    all.push(made)
    return made
  }
  const build = samples('build_info', 'Version of the agent.', ['version'])
  const well = samples('well', '1 when `lb-agent status` has nothing to complain about.')
  const started = samples('start_time_seconds', 'When this agent started.')
  const age = samples('fact_age_seconds', 'How old a fact is; a fact that was never known has no sample.', ['fact'])

  const owned = samples('vip_owned', '1 when the kernel of this node has the address of the VIP.', ['vip', 'address'])
  const duplicate = samples('vip_duplicate', '1 when another node may hold the VIP as well.', ['vip'])
  const state = samples('vrrp_state', '1 for the state that keepalived told last, or UNKNOWN.', ['vip', 'state'])
  const since = samples('vrrp_state_since_seconds', 'When that state began.', ['vip'])
  const priority = samples('vrrp_effective_priority', 'Base priority and score, as keepalived told it.', ['vip'])
  const score = samples('score', 'How well this node would serve the VIP: 100 when all is well.', ['vip'])
  const scoreReason = samples('score_reason', '1 for the reason why the score is what it is.', ['vip', 'reason'])
  const drained = samples('drained', '1 while the VIP is given away by hand.', ['vip'])

  const gate = samples('gate_open', '1 when HAProxy on this node can serve.')
  const gateSince = samples('gate_since_seconds', 'When the gate opened or closed last.')
  const up = samples('service_servers_up', 'Servers of the service that HAProxy on this node sees up.', [
    'service',
    'vip',
  ])
  const total = samples('service_servers', 'Servers that lb.yaml names for the service.', ['service', 'vip'])
  const minimum = samples('service_servers_minimum', 'Servers that the service needs (minimumServers).', [
    'service',
    'vip',
  ])

  const applied = samples('applied_info', 'The release that the daemons run.', ['release', 'revision'])
  const appliedAt = samples('applied_time_seconds', 'When that release was applied.')
  const desired = samples('desired_info', 'The newest revision of the branch.', ['revision'])
  const committedAt = samples('desired_commit_time_seconds', 'When the newest revision of the branch was committed.')
  const pending = samples('pending', '1 when the newest revision of the branch is not what this node runs.')
  const rejected = samples('rejected', '1 when the newest revision of the branch was rejected by this node.')
  const suspended = samples('suspended', '1 while revisions are not applied by order of a person.')
  const peer = samples('peer_up', '1 when the agent of that node answered last.', ['peer'])
  const fetchEvery = samples('fetch_interval_seconds', 'Time between two looks at the repository.')
  const stuck = samples('stuck', '1 when neither the new release nor the old one could be proven.')
  const fetchAt = samples('fetch_success_time_seconds', 'When the repository was read last.')
  const fetchOk = samples('fetch_ok', '1 when the repository could be read at the last try.')
  const drift = samples('drift_files', 'Live files that are not what the release wrote.')
  const troubles = samples('troubles', 'Things that a person should mend; `lb-agent status` names them.')
  const oldWorkers = samples('haproxy_old_workers', 'Workers of earlier files that still serve connections.')
  const haproxyUp = samples('haproxy_up', '1 when HAProxy answers on its stats socket.')
  const keepalivedUp = samples('keepalived_up', '1 when keepalived runs and does not hang.')

  return {
    fill: (status, { oldWorkers: workers, dump }) => {
      for (const each of all) each.clear()
      const seconds = (ms: number | null | undefined): number | undefined => (ms == null ? undefined : ms / 1000)
      build.set({ version: status.version }, 1)
      well.set({}, status.headline.well)
      started.set({}, seconds(status.agent.startedAtMs))
      age.set({ fact: 'gate' }, seconds(status.gate.ageMs))
      if (status.haproxy.state === 'running') age.set({ fact: 'haproxy' }, seconds(status.haproxy.ageMs))
      age.set({ fact: 'fetch' }, seconds(status.fetch?.ageMs))
      age.set({ fact: 'drift' }, seconds(status.drift.ageMs))
      const asked = status.peers.flatMap(({ ageMs }) => ageMs ?? [])
      if (asked.length > 0) age.set({ fact: 'peers' }, seconds(Math.max(...asked)))
      if (workers.kind === 'known') age.set({ fact: 'haproxy_workers' }, seconds(ageOf(workers)))
      if (dump.kind === 'known') age.set({ fact: 'keepalived_dump' }, seconds(ageOf(dump)))

      for (const vip of status.vips) {
        owned.set({ vip: vip.name, address: vip.address }, vip.held)
        duplicate.set({ vip: vip.name }, vip.duplicate !== null)
        for (const each of VRRP_STATES) state.set({ vip: vip.name, state: each }, vip.state === each)
        since.set({ vip: vip.name }, seconds(vip.sinceMs))
        priority.set({ vip: vip.name }, vip.effectivePriority)
        score.set({ vip: vip.name }, vip.score)
        if (vip.scoreCause !== null)
          for (const cause of SCORE_CAUSES) scoreReason.set({ vip: vip.name, reason: cause }, vip.scoreCause === cause)
        drained.set(
          { vip: vip.name },
          status.drains.some((drain) => drain.vip === null || drain.vip === vip.name),
        )
      }

      gate.set({}, status.gate.ageMs !== null && status.gate.fresh ? status.gate.open : undefined)
      gateSince.set({}, seconds(status.gate.sinceMs))
      for (const service of status.services) {
        const labels = { service: service.name, vip: service.vip }
        up.set(labels, service.up)
        total.set(labels, service.total)
        minimum.set(labels, service.minimum)
      }

      if (status.applied !== null) {
        applied.set({ release: status.applied.release, revision: status.applied.revision }, 1)
        appliedAt.set({}, seconds(status.applied.atMs))
      }
      if (status.desired !== null) {
        const { revision, committedAtMs } = status.desired
        desired.set({ revision }, 1)
        committedAt.set({}, seconds(committedAtMs))
        pending.set({}, status.applied?.revision !== revision)
        rejected.set(
          {},
          status.rejected.some((entry) => entry.revision === revision),
        )
      }
      suspended.set({}, status.suspended !== null)
      fetchOk.set({}, status.fetch?.ok)
      fetchEvery.set({}, seconds(status.fetch?.everyMs))
      stuck.set({}, status.lastPass?.result.kind === 'stuck')
      fetchAt.set({}, seconds(status.fetch?.okAtMs))
      for (const { name, up: answers } of status.peers) peer.set({ peer: name }, answers)
      drift.set({}, status.drift.files.length)
      troubles.set({}, status.troubles.length)
      oldWorkers.set({}, workers.kind === 'known' ? workers.value.oldWorkers : undefined)
      haproxyUp.set({}, status.haproxy.state === 'running')
      keepalivedUp.set({}, status.keepalived.state === 'running')
    },
  }
}
