import { ADVERT_CHECKS } from './adverts.ts'
import { CERTIFICATE_CHECKS } from './certificates.ts'
import type { Check } from './check.ts'
import { FILE_CHECKS } from './files.ts'
import { FIREWALL_CHECKS } from './firewall.ts'
import { KERNEL_CHECKS } from './kernel.ts'
import { MANAGER_CHECKS } from './managers.ts'
import { NETWORK_CHECKS } from './network.ts'
import { PEER_CHECKS } from './peers.ts'
import { PORT_CHECKS } from './ports.ts'
import { PROGRAM_CHECKS } from './programs.ts'
import { REPOSITORY_CHECKS } from './repository.ts'
import { SUBNET_CHECKS } from './subnets.ts'
import { UNIT_CHECKS } from './units.ts'
import { cannotTell, ok, problem } from './verdicts/verdict.ts'

/** What the checks of kernel, network, ports and other nodes need; said once, when it is missing. */
const DESIRED: Check = {
  family: 'configuration',
  name: 'lb.yaml',
  look: async ({ desired, agent }) => {
    if (desired.kind === 'known')
      return {
        'lb.yaml': ok(`As it was fetched last: cluster ${desired.spec.cluster}, this node is ${desired.node.name}.`),
      }
    const why = `What needs lb.yaml was not looked at (address, VIPs, ports, other nodes): ${desired.reason}.`
    return { 'lb.yaml': agent.answers !== true ? cannotTell(why, desired.fix) : problem(why, desired.fix) }
  },
}

/** All checks, in the order in which they are told. */
export const CHECKS: readonly Check[] = [
  ...PROGRAM_CHECKS,
  ...UNIT_CHECKS,
  DESIRED,
  ...KERNEL_CHECKS,
  ...FILE_CHECKS,
  ...REPOSITORY_CHECKS,
  ...NETWORK_CHECKS,
  ...SUBNET_CHECKS,
  ...ADVERT_CHECKS,
  ...FIREWALL_CHECKS,
  ...MANAGER_CHECKS,
  ...PORT_CHECKS,
  ...CERTIFICATE_CHECKS,
  ...PEER_CHECKS,
]
