import type { Spec } from '../spec/spec.ts'
import { type AlertRule, CRITICAL, WARNING } from './alert-rule.ts'
import type { Selector } from './selector.ts'

/** Who has each VIP, as the kernels of the balancers say. */
export function vipRules(of: Selector, spec: Spec): AlertRule[] {
  const holders = `sum by (cluster, vip) (${of('lb_agent_vip_owned')})`
  const silent = `(${of('up')} == 0)`
  // A BACKUP that heard no adverts would have taken the VIP after three of them: somebody holds it.
  const heard = `(${of('lb_agent_vrrp_state', 'state="BACKUP"')} == 1)`
  // A move changes two nodes: one gives the VIP up, one takes it. Draining each node in turn moves it twice.
  const changes = 2 * Math.max(3, spec.nodes.length)
  return [
    {
      alert: 'LbVipWithoutHolder',
      expr: `${holders} == 0 unless on (cluster) ${silent}`,
      for: '10s',
      labels: CRITICAL,
      annotations: {
        summary: 'VIP {{ $labels.vip }} is on no balancer',
        description: 'All agents answer, and none of them has the address. Clients of this VIP get no connection.',
        run: 'lb-agent why {{ $labels.vip }}   # on each balancer',
      },
    },
    {
      alert: 'LbVipHolderUnknown',
      expr: `${holders} == 0 and on (cluster) ${silent} unless on (cluster, vip) ${heard}`,
      for: '30s',
      labels: CRITICAL,
      annotations: {
        summary: 'VIP {{ $labels.vip }} is on no balancer whose agent answers',
        description:
          'A balancer is silent, and no keepalived that can be asked hears a holder: either the silent one has the VIP, or nobody.',
        run: 'lb-agent status --cluster   # on a balancer that answers',
      },
    },
    {
      alert: 'LbVipWithTwoHolders',
      expr: `${holders} > 1`,
      for: '10s',
      labels: CRITICAL,
      annotations: {
        summary: 'VIP {{ $labels.vip }} is on {{ $value }} balancers',
        description: 'They do not hear each other, or a keepalived has died or hangs and has left the address behind.',
        run: 'lb-agent status   # on each balancer; it says DUPLICATE and why',
      },
    },
    {
      alert: 'LbVipFlapping',
      expr: `sum by (cluster, vip) (changes(${of('lb_agent_vip_owned')}[10m])) > ${changes}`,
      for: '0s',
      labels: WARNING,
      annotations: {
        summary: 'VIP {{ $labels.vip }} moves again and again',
        description: 'Each move cuts the connections that are open.',
        run: 'lb-agent why {{ $labels.vip }}   # says why it moved, each time',
      },
    },
  ]
}
