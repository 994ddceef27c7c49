import { type AlertRule, CRITICAL, WARNING } from './alert-rule.ts'
import type { Selector } from './selector.ts'

/** The servers behind the VIPs. A service that is down is one alert, not one from every balancer. */
export function serviceRules(of: Selector): AlertRule[] {
  const up = of('lb_agent_service_servers_up')
  const minimum = of('lb_agent_service_servers_minimum')
  const best = (metric: string): string => `max by (cluster, service, vip) (${metric})`
  const nowhere = `${best(up)} < ${best(minimum)}`
  return [
    {
      alert: 'LbServiceBelowMinimum',
      expr: nowhere,
      for: '30s',
      labels: CRITICAL,
      annotations: {
        summary: 'Service {{ $labels.service }} has {{ $value }} servers up, as seen from the best balancer',
        description: 'That is less than its minimumServers on every balancer: its servers are at fault, not their way.',
        run: 'lb-agent status   # on any balancer; it names the servers and what their checks say',
      },
    },
    {
      alert: 'LbServiceBelowMinimumHere',
      expr: `${up} < ${minimum} unless on (cluster, service, vip) (${nowhere})`,
      for: '30s',
      labels: WARNING,
      annotations: {
        summary: 'Service {{ $labels.service }} has {{ $value }} servers up, as {{ $labels.instance }} sees it',
        description: 'That is less than its minimumServers, and another balancer sees enough: look at the way to them.',
        run: 'lb-agent status   # on {{ $labels.instance }}; it names the servers',
      },
    },
  ]
}
