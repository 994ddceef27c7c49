import { join } from 'node:path'
import { FAULT_SCORE } from './health/score.ts'
import type { AgentConfig } from './spec/agent-config.ts'
import type { Status } from './status.ts'

/** How a person reads the log of a daemon on this node. */
export type Logs = Readonly<Record<'haproxy' | 'keepalived' | 'agent', string>>

export function logsOf({ supervisor, paths }: Pick<AgentConfig, 'supervisor' | 'paths'>): Logs {
  const agent = 'journalctl -e -u lb-agent'
  if (supervisor === 'systemd') {
    return { haproxy: 'journalctl -e -u haproxy', keepalived: 'journalctl -e -u keepalived', agent }
  }
  const file = (daemon: string): string => `less +G ${join(paths.state, `${daemon}.log`)}`
  return { haproxy: file('haproxy'), keepalived: file('keepalived'), agent: `${agent}-embedded` }
}

type Facts = Omit<Status, 'headline'>
const ELSEWHERE = 'Whether another node serves: lb-agent status --cluster'

/** The most urgent truth first. */
export function headlineOf(status: Facts, logs: Logs): Status['headline'] {
  const bad = (text: string, advice: string | null = null): Status['headline'] => ({ well: false, text, advice })
  const { applied, gate, haproxy, keepalived, vips, fetch } = status
  const pass = status.lastPass?.result
  if (applied === null) {
    const reason =
      fetch?.ok === false
        ? fetch.detail
        : pass !== undefined && 'reason' in pass
          ? pass.reason
          : 'no revision has been applied yet'
    return bad(`nothing is applied on this node: ${reason}`, 'lb-agent sync tries again and shows each stage')
  }
  const duplicate = duplicateOf(status)
  if (duplicate !== undefined) {
    const advice = {
      stopped: `Start keepalived; why it ended: ${logs.keepalived}`,
      hanging: 'Restart keepalived, or let it go on (kill -CONT)',
      running:
        'Is keepalived well on the other node (lb-agent status there)? Then let VRRP (IP protocol 112) pass between them: firewall, switch, hypervisor',
    }
    return bad(duplicate, advice[keepalived.state])
  }
  if (!gate.open)
    return bad(
      `HAProxy does not serve, the gate is closed: ${gate.reason}`,
      `Why: ${logs.haproxy}. One that hangs is not restarted by itself: kill it, and it is started again. ${ELSEWHERE}`,
    )
  if (keepalived.state === 'stopped')
    return bad(`keepalived is not running: ${keepalived.reason}`, `Why: ${logs.keepalived}. ${ELSEWHERE}`)
  if (keepalived.state === 'hanging')
    return bad(`keepalived hangs: ${keepalived.reason}`, `Restart it, or let it go on (kill -CONT). ${ELSEWHERE}`)
  if (!gate.fresh) return bad('the agent has not looked at HAProxy for a while: see its log', logs.agent)
  if (haproxy.state === 'UNKNOWN')
    return bad(`HAProxy serves, but cannot be asked: ${haproxy.reason}`, `Why: ${logs.haproxy}`)
  const left = vips.filter(({ scoreCause }) => scoreCause === 'waits_for_takeover').map(({ name }) => name)
  if (left.length > 0)
    return bad(
      `${left.join(', ')}: left to the pair that holds ${left.length === 1 ? 'it' : 'them'} without lb-agent`,
      'Run lb-agent install on the node that has the address; this one then takes part by itself. If nobody has it: lb-agent undrain --vip NAME',
    )
  const bare = bareOf(vips)
  if (bare !== undefined)
    return bad(
      `keepalived is MASTER of ${bare.name}, but ${bare.address} is not on this node`,
      'Find what took it off (systemd-networkd, NetworkManager: ip monitor address); until then lb-agent drain moves it to another node',
    )
  const fault = vips.find(({ state, score }) => state === 'FAULT' && score !== FAULT_SCORE)
  if (fault !== undefined)
    return bad(`VIP ${fault.name} is in FAULT on this node`, `Is its interface up? Why: ${logs.keepalived}`)
  const lost = status.services.find(({ up, minimum }) => up !== null && up < Math.max(1, minimum))
  if (lost !== undefined) {
    const how = lost.up === 0 ? 'no server up' : `${lost.up} of at least ${lost.minimum} servers up`
    return bad(
      `service ${lost.name} has ${how}: see its servers below`,
      'Their last check says how it failed. Whether all nodes see that: lb-agent status on the others',
    )
  }
  if (pass?.kind === 'stuck')
    return bad(`${pass.reason}: look at both daemons' logs`, `${logs.haproxy}; ${logs.keepalived}`)
  if (status.drift.files.length > 0) {
    const files = status.drift.files.map(({ file, what }) => `${file} (${what})`).join(', ')
    return bad(`not what release ${applied.release} wrote: ${files}. To put it back: lb-agent sync --restore`)
  }
  if (fetch?.ok === false)
    return bad(
      `the repository cannot be read: ${fetch.detail}; ${applied.release} goes on serving`,
      'lb-agent sync tries again now',
    )
  if (pass?.kind === 'rejected' || pass?.kind === 'refused' || pass?.kind === 'failed') {
    const advice = pass.kind === 'refused' ? null : 'All of it stands below, under the last change'
    return bad(`${pass.reason.split('\n')[0]}; ${applied.release} goes on serving`, advice)
  }
  const unknown = vips.find(({ state }) => state === 'UNKNOWN')
  if (unknown !== undefined)
    return bad(`keepalived has not said how VIP ${unknown.name} is`, `If that lasts: ${logs.keepalived}`)
  const trouble = status.troubles[0]
  if (trouble !== undefined) return bad(trouble.text)
  const byHand = [
    ...(status.drains.length === 0 ? [] : ['drained by hand, see its VIPs']),
    ...(status.suspended === null ? [] : ['suspended by hand, revisions are not applied']),
  ]
  return { well: true, text: ['all is well', ...byHand].join('; '), advice: null }
}

/**
 * Whether clients may have no service, or two nodes that answer, because of this node: somebody must act at once. All else may
 * end by itself, or is meant: servers that are still to come, VIPs that are left to the pair of before.
 */
export function isUrgent({ vips, gate, keepalived }: Pick<Facts, 'vips' | 'gate' | 'keepalived'>): boolean {
  const isTwice = vips.some(({ duplicate }) => duplicate !== null)
  return isTwice || !gate.open || keepalived.state !== 'running' || bareOf(vips) !== undefined
}

/** A VIP that nobody has: its MASTER has lost it. */
function bareOf(vips: Facts['vips']): Facts['vips'][number] | undefined {
  return vips.find(({ state, held }) => state === 'MASTER' && !held)
}

function duplicateOf({ vips, keepalived }: Facts): string | undefined {
  const vip = vips.find(({ duplicate }) => duplicate !== null)
  if (vip === undefined || vip.duplicate === null) return undefined
  const { others, silent } = vip.duplicate
  const unheard = silent.length === 0 ? '' : ` (no answer from ${silent.join(', ')})`
  const too =
    others.length === 0 ? `another node may hold it too${unheard}` : `${others.join(' and ')} holds it too${unheard}`
  if (keepalived.state === 'stopped')
    return `DUPLICATE: keepalived is dead and has left ${vip.name} (${vip.address}) on this node; ${too}`
  return keepalived.state === 'hanging'
    ? `DUPLICATE: keepalived hangs (${keepalived.reason}) and leaves ${vip.name} (${vip.address}) on this node; ${too}`
    : `DUPLICATE: this node holds ${vip.name} (${vip.address}), and ${others.join(' and ')} does as well: do they hear each other's adverts?`
}
