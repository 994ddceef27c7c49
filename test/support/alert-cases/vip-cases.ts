import { A, type AlertCase, api, B, up } from './alert-case.ts'

const web = { service: 'web', vip: 'api' }

/** VIPs and the services behind them. */
export const VIP_CASES: readonly AlertCase[] = [
  {
    alert: 'LbVipWithoutHolder',
    fires: [
      ...up,
      ['lb_agent_vip_owned', { ...A, ...api }, '1x4 0x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
    ],
    labels: { vip: 'api' },
    value: '0',
    // The agent of the holder is down, which says nothing of the VIP.
    quiet: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
    ],
  },
  {
    alert: 'LbVipHolderUnknown',
    // The one that answers is in FAULT, or its keepalived does not run.
    fires: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
      ['lb_agent_vrrp_state', { ...B, vip: 'api', state: 'BACKUP' }, '0x400'],
    ],
    labels: { vip: 'api' },
    value: '0',
    // A BACKUP hears the adverts of a holder: only its agent is down.
    quiet: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
      ['lb_agent_vrrp_state', { ...B, vip: 'api', state: 'BACKUP' }, '1x400'],
    ],
  },
  {
    alert: 'LbVipWithTwoHolders',
    fires: [
      ['lb_agent_vip_owned', { ...A, ...api }, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '1x400'],
    ],
    labels: { vip: 'api' },
    value: '2',
    // A move that was sampled on both sides.
    quiet: [
      ['lb_agent_vip_owned', { ...A, ...api }, '1x20 0x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x19 1x400'],
    ],
  },
  {
    alert: 'LbServiceBelowMinimum',
    fires: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '0x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '1x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
    labels: web,
    value: '1',
    quiet: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '0x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
  },
  {
    alert: 'LbServiceBelowMinimumHere',
    fires: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '1x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
    labels: { ...A, ...web },
    value: '1',
    // All balancers see it alike: that is LbServiceBelowMinimum, once.
    quiet: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '1x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '1x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
  },
  {
    alert: 'LbVipFlapping',
    fires: [['lb_agent_vip_owned', { ...A, ...api }, '0 1 0 1 0 1 0 1 0 1x400']],
    labels: { vip: 'api' },
    value: '9',
    quiet: [
      ['lb_agent_vip_owned', { ...A, ...api }, '1x4 0x4 1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x4 1x4 0x400'],
    ],
  },
]
