import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import type { ExpectedVip } from '../render/expectation.ts'
import type { Position } from '../spec/problem.ts'
import { type Evidence, finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'
import type { OwnFiles } from './own-files.ts'
import { ownHaproxyRules } from './own-haproxy.ts'

/** What the agent looks for in the files that a repository's own templates give, and rejects or cannot see without. */
export function ownTemplateRules({ own }: Evidence): RuleFinding[] {
  return own.flatMap((files) => [
    ...(files.keepalived === undefined ? [] : keepalivedRules(files, files.keepalived)),
    ...(files.haproxy === undefined ? [] : ownHaproxyRules(files, files.haproxy)),
  ])
}

function keepalivedRules(files: OwnFiles, config: KeepalivedConfig): RuleFinding[] {
  const { expected } = files
  const whole: Position = { file: config.file, line: 0, col: 0 }
  const strangers = config.instances.filter(({ name }) => !expected.vips.some((vip) => vip.name === name))
  const renamed = expected.vips.map(({ address }) => strangers.find((one) => hasAddress(one, address)))
  return [
    ...(expected.vips.length === 0 ? [] : fifoRules(files, config, whole)),
    ...expected.vips.flatMap((vip, index) => instanceRules(vip, config, renamed[index], whole)),
    ...strangers
      .filter((one) => !renamed.includes(one))
      .map(({ name, at }) =>
        finding(
          'TEMPLATE',
          'warning',
          [at],
          `vrrp_instance ${name} is none of this node's VIPs in lb.yaml: an agent that starts keepalived itself (supervisor: embedded) rejects the release, because it also runs ${name}`,
          'a VIP in lb.yaml for it, or take it away',
        ),
      ),
  ]
}

/** confirm-keepalived.ts: where the agent may not ask for a dump, each instance must report through the FIFO. */
function fifoRules({ fifo }: OwnFiles, { globals }: KeepalivedConfig, whole: Position): RuleFinding[] {
  if (globals.notifyFifo !== fifo)
    return [
      finding(
        'TEMPLATE',
        'error',
        [whole],
        `${globals.notifyFifo === undefined ? 'there is no vrrp_notify_fifo' : 'vrrp_notify_fifo is not the agent’s'}: the agent hears nothing of keepalived's states, and rejects the release because no instance has reported`,
        'vrrp_notify_fifo {{ fifo }} in global_defs',
      ),
    ]
  if (globals.writesStatesOnReload) return []
  return [
    finding(
      'TEMPLATE',
      'error',
      [whole],
      'fifo_write_vrrp_states_on_reload is not there: keepalived says nothing when it is reloaded, and on a BACKUP the agent rejects the release because no instance has reported',
      'fifo_write_vrrp_states_on_reload in global_defs',
    ),
  ]
}

type Instance = KeepalivedConfig['instances'][number]

function instanceRules(
  vip: ExpectedVip,
  { instances }: KeepalivedConfig,
  renamed: Instance | undefined,
  whole: Position,
): RuleFinding[] {
  const instance = instances.find(({ name }) => name === vip.name)
  if (instance === undefined) {
    const what = renamed === undefined ? `there is no vrrp_instance ${vip.name}` : `${vip.name} is in ${renamed.name}`
    return [
      finding(
        'TEMPLATE',
        'error',
        [renamed?.at ?? whole],
        `${what}: the agent looks for an instance named after each VIP, and rejects the release because ${vip.name} has not reported`,
        'vrrp_instance {{ instance.name }} for each of instances',
      ),
    ]
  }
  const at = (keyword: string): Position => instance.places.get(keyword) ?? instance.at
  const differs = (what: string, has: string, wanted: string, place: Position, fix: string): RuleFinding =>
    finding(
      'TEMPLATE',
      'warning',
      [place],
      `vrrp_instance ${vip.name} has ${what} ${has}, and the agent expects ${wanted}: one that starts keepalived itself (supervisor: embedded) rejects the release`,
      fix,
    )
  const { virtualRouterId: id, priority } = instance
  return [
    ...(id === vip.virtualRouterId
      ? []
      : [
          differs(
            ...(['virtual router id', `${id}`, `${vip.virtualRouterId}`] as const),
            ...([at('virtual_router_id'), 'virtual_router_id {{ instance.virtual_router_id }}'] as const),
          ),
        ]),
    ...(priority === vip.basePriority
      ? []
      : [
          differs(
            ...(['priority', `${priority}`, `${vip.basePriority}`] as const),
            ...([at('priority'), 'priority {{ instance.priority }}'] as const),
          ),
        ]),
    ...(hasAddress(instance, vip.address)
      ? []
      : [
          differs(
            ...(['not the address', vip.address, 'it'] as const),
            ...([at('virtual_ipaddress'), '{{ instance.address }} in virtual_ipaddress'] as const),
          ),
        ]),
  ]
}

function hasAddress({ addresses, excluded }: Instance, address: string): boolean {
  return [...addresses, ...excluded].some((one) => one.address.split('/')[0] === address)
}
