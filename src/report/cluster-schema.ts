import * as z from 'zod'
import { flag, headline, list, orNull, tag, text, time } from './fields.ts'
import { serverSchema, serviceSchema, suspensionSchema } from './status-schema.ts'

export const vipViewSchema = z
  .object({
    name: text('Name', 'Its name in lb.yaml.'),
    address: text('Address', 'Its first address.'),
    state: text('State', 'What keepalived of that node said last: MASTER, BACKUP, FAULT or UNKNOWN.'),
    held: flag('Held', 'The address is on that node, as its kernel says.'),
    score: orNull('Score', 'How well that node would serve it, 0-100; null before it is computed.', z.number()),
  })
  .meta({ title: 'VIP', description: 'A virtual address, as one node sees it.' })

const serverViewSchema = serverSchema
  .pick({ name: true, status: true, up: true, lastCheck: true })
  .meta({ title: 'Server', description: 'A server, as one node sees it.' })

export const serviceViewSchema = serviceSchema
  .extend({ servers: list('Servers', 'Its servers; empty while HAProxy there cannot be asked.', serverViewSchema) })
  .meta({ title: 'Service', description: 'A service, as one node sees its servers.' })

export const nodeViewSchema = z
  .discriminatedUnion('kind', [
    z.object({
      name: text('Name', 'Its name in lb.yaml.'),
      kind: tag('Kind', 'answers', 'Its agent has answered.'),
      well: flag('Well', 'Nothing is wrong there.'),
      text: text('Text', 'The headline of its own status.'),
      advice: orNull('Advice', 'What to do next there; null when there is nothing to say.', z.string()),
      release: text('Release', 'The release that it runs; `none` before the first.'),
      revision: text('Revision', 'The commit that the release stands for; `none` before the first.'),
      desired: orNull(
        'Desired',
        'The newest commit of the branch that its agent has seen; null before the first.',
        z.string(),
      ),
      suspended: orNull(
        'Suspended',
        'A person has told that node to apply no new revision; null when it applies them. Times are by its own clock.',
        suspensionSchema,
      ),
      vips: list('VIPs', 'Its VIPs.', vipViewSchema),
      services: list('Services', 'As that node sees them.', serviceViewSchema),
    }),
    z.object({
      name: text('Name', 'Its name in lb.yaml.'),
      kind: tag('Kind', 'silent', 'Its agent does not answer: nothing is known of it.'),
      reason: text('Reason', 'Why it is silent, as seen from here.'),
    }),
  ])
  .meta({ title: 'Node', description: 'One node: what its own agent says, or why it does not.' })

export const clusterSchema = z
  .object({
    format: z.literal(1).meta({
      title: 'Format',
      description: 'Counts up when a field is taken away, renamed or given another meaning.',
    }),
    atMs: time('When', 'When this was put together.'),
    headline: headline(),
    nodes: list('Nodes', 'The node that was asked first, then its peers.', nodeViewSchema),
    holders: z.record(z.string(), z.array(z.string()).readonly()).readonly().meta({
      title: 'Holders',
      description:
        'By name of the VIP: names of the nodes whose kernels have its address. More than one is a duplicate.',
    }),
  })
  .meta({
    title: 'Status of the cluster',
    description:
      'What `lb-agent status --cluster --json` prints: every node side by side, as seen from one of them. Stable in the same way as the status of a node.',
  })
