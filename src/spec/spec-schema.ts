import * as z from 'zod'
import {
  choice,
  duration,
  integer,
  interfaceName,
  name,
  named,
  section,
  serverAddress,
  someNamed,
  text,
  unicastAddress,
  vipName,
  virtualAddress,
} from './fields.ts'
import { RULE_IDS, RULES, type RuleId } from './rule-ids.ts'
import { port, serviceSchema } from './service-schema.ts'

const nodeSchema = section('a node', {
  address: unicastAddress('a node address').meta({
    title: 'Address',
    description: 'The address of this balancer itself. VRRP adverts are sent from it.',
  }),
  interface: interfaceName().meta({
    title: 'Interface',
    description: 'The network device that carries the address and the VIPs.',
  }),
}).meta({ title: 'Node', description: 'A balancer: a machine that runs lb-agent, HAProxy and keepalived.' })

const failback = z
  .union(
    [
      z.literal('manual'),
      section('failback', {
        after: duration('after', 0, 3_600_000)
          .prefault('10s')
          .meta({ title: 'After', description: 'Time for which the node must have been well.' }),
      }),
    ],
    { error: 'failback is manual, or a mapping with the key after' },
  )
  .meta({
    title: 'Failing back',
    description:
      'When a node that has recovered takes its VIPs back: { after: 10s }, or manual (it waits for lb-agent undrain).',
  })

export const vrrpSchema = section('vrrp', {
  transport: choice('transport', ['unicast', 'multicast']).default('unicast').meta({
    title: 'Transport',
    description: 'How adverts travel between nodes. unicast also crosses routers and switches that filter multicast.',
  }),
  // RFC 5798 §5.2.7: 12 bits of centiseconds.
  advertInterval: duration('advertInterval', 10, 40_950, 10).prefault('100ms').meta({
    title: 'Advert interval',
    description:
      'Time between two adverts: 10ms to 40950ms in steps of 10ms. A dead node is noticed after a little more than three of them.',
  }),
  failback: failback.prefault({}),
  damping: duration('damping', 0, 600_000).prefault('2s').meta({
    title: 'Damping',
    description:
      'A node that holds a VIP and loses its servers waits this long before it lets another node take it. Never shorter than one check interval and a second, so that an outage that all nodes see moves nothing.',
  }),
})

export const vipSchema = section('a VIP', {
  address: virtualAddress('a VIP address').meta({
    title: 'Address',
    description: 'The virtual address. Without a prefix it is added as /32 or /128 and brings no connected route.',
  }),
  virtualRouterId: integer('a virtual router id', 1, 255).meta({
    title: 'Virtual router id',
    description: '1-255. No other VRRP router on the same network may use it for the same IP version.',
  }),
  prefer: z
    .array(name('a node name'), { error: 'prefer is a list of node names, best first' })
    .min(1, { error: 'prefer is a list of at least one node name, best first' })
    .max(100, { error: 'prefer is a list of at most 100 node names' })
    .meta({
      title: 'Prefer',
      description: 'The nodes that may hold this VIP, best first. The first healthy one holds it.',
    }),
  extraAddresses: z
    .array(virtualAddress('an extra address'), { error: 'extraAddresses is a list of addresses' })
    .max(100, { error: 'extraAddresses is a list of at most 100 addresses' })
    .default([])
    .meta({
      title: 'Extra addresses',
      description: 'Addresses that move together with the VIP; they may be of the other IP version.',
    }),
  requireHealthyOnce: z.boolean({ error: 'requireHealthyOnce is true or false' }).default(false).meta({
    title: 'Require healthy once',
    description:
      'true: a node holds this VIP only once it has seen a server of it up. Not for a VIP through which that server is set up.',
  }),
}).meta({ title: 'VIP', description: 'A virtual address and the nodes that may hold it.' })

const serverSchema = section('a server', {
  address: serverAddress().meta({ title: 'Address', description: 'The address of this server.' }),
  port: port().optional().meta({ title: 'Port', description: "Default: the service's serverPort." }),
  weight: integer('a weight', 0, 256).default(1).meta({
    title: 'Weight',
    description: 'Share of the traffic in proportion to the other servers; 0 takes no new connections.',
  }),
  backup: z
    .boolean({ error: 'backup is true or false' })
    .default(false)
    .meta({ title: 'Backup', description: 'Used only while no other server of the pool is up.' }),
})

export const poolSchema = someNamed(
  'a pool',
  name('a server name'),
  z
    .union([serverAddress(), serverSchema], {
      error: 'a server is an address, or a mapping with the keys address, port, weight, backup',
    })
    .meta({ title: 'Server', description: 'An address, or a mapping with address, port, weight and backup.' }),
).meta({ title: 'Pool', description: 'Servers by name.' })

const haproxySchema = section('haproxy', {
  maxConnections: integer('maxConnections', 1, 1_000_000).default(8_000).meta({
    title: 'Maximum of connections',
    description: 'Connections that HAProxy of a node takes at a time, and each service of it; more of them wait.',
  }),
  log: choice('log', ['errors', 'all'])
    .default('errors')
    .meta({ title: 'Log', description: 'errors: only connections that failed are logged. all: every connection.' }),
  hardStopAfter: duration('hardStopAfter', 1000, 86_400_000).prefault('15m').meta({
    title: 'Hard stop after',
    description: 'After a reload, old workers finish their connections for at most this long.',
  }),
  healthPort: port().default(8405).meta({
    title: 'Health port',
    description:
      'Port on the loopback address where HAProxy answers /alive, and /metrics unless agent.yaml says otherwise.',
  }),
})

/** One line of plain text: it is shown by `prove`, and in the status of every node. */
const reason = () =>
  text(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u, 'a reason is one line of 1-200 characters, such as "br0 bridges both"')

const acceptSchema = section(
  'accept',
  Object.fromEntries(
    RULE_IDS.map((id) => [
      id,
      reason().optional().meta({ title: RULES[id], description: 'Why this does not count here, in one line.' }),
    ]),
  ) as Record<RuleId, z.ZodOptional<ReturnType<typeof reason>>>,
)

/** lb.yaml: the desired state of a whole cluster, as a person writes it. */
export const specSchema = section('the file', {
  version: z
    .literal(1, { error: 'version is 1' })
    .meta({ title: 'Version', description: 'Version of this format: 1.' }),
  cluster: name('a cluster name').meta({
    title: 'Cluster',
    description: 'Name of the cluster, for the rendered files and status.',
  }),
  nodes: someNamed('nodes', name('a node name'), nodeSchema).meta({
    title: 'Nodes',
    description: 'The balancers by name. A node finds itself by its hostname, or by `node` in its agent.yaml.',
  }),
  vrrp: vrrpSchema.prefault({}).meta({ title: 'VRRP', description: 'How the nodes agree on who holds a VIP.' }),
  vips: someNamed('vips', vipName(), vipSchema).meta({ title: 'VIPs', description: 'The virtual addresses by name.' }),
  pools: named('pools', name('a pool name'), poolSchema)
    .default({})
    .meta({ title: 'Pools', description: 'Groups of servers that services forward to, by name.' }),
  services: named('services', name('a service name'), serviceSchema)
    .default({})
    .meta({ title: 'Services', description: 'What the VIPs offer, by name.' }),
  haproxy: haproxySchema.prefault({}).meta({ title: 'HAProxy', description: 'Settings of HAProxy on every node.' }),
  accept: acceptSchema.prefault({}).meta({
    title: 'Accepted rules',
    description:
      'Rules of lb-agent prove that do not count for this cluster, each with the reason. lb-agent rules lists them.',
  }),
}).meta({ title: 'lb.yaml', description: 'The desired state of a cluster of balancers run by lb-agent.' })
