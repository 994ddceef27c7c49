import * as z from 'zod'
import { flag, headline, list, number, oneOf, orNull, span, tag, text, time, timeOrNull } from './fields.ts'
import { passSchema } from './pass-schema.ts'
import { vipSchema } from './vip-schema.ts'

export const troubleSchema = z
  .object({
    key: text('Key', 'What it is about; the same trouble keeps its key.'),
    text: text('Text', 'What is wrong, and what still holds.'),
    sinceMs: time('Since', 'When it was noticed first.'),
  })
  .meta({ title: 'Trouble', description: 'Something that a person should mend, though this node goes on.' })

export const driftSchema = z
  .object({
    file: text('File', 'The path of the live file.'),
    what: oneOf('What', 'What is the matter with it.', ['changed', 'missing']),
  })
  .meta({ title: 'Drift', description: 'A live file that differs from the applied release.' })

const rejectedSchema = z
  .object({
    revision: text('Revision', 'The full name of the commit.'),
    stage: text('Stage', 'The stage that it failed.'),
    reason: text('Reason', 'Why, for the operator; may have several lines.'),
    atMs: time('When', 'When it was rejected.'),
  })
  .meta({ title: 'Rejected', description: 'A revision that is not tried again before somebody asks for it.' })

const drainSchema = z
  .object({
    vip: orNull('VIP', 'Its name in lb.yaml; null: all VIPs of this node.', z.string()),
    sinceMs: time('Since', 'When it began.'),
    untilMs: timeOrNull('Until', 'When it ends by itself; null: with lb-agent undrain.'),
    forStop: flag('For a stop', 'The host or the daemons are being stopped: it ends with the next start.'),
  })
  .meta({ title: 'Drain', description: 'One VIP, or all, that this node gives away by hand.' })

const moveSchema = z
  .object({
    atMs: time('When', 'When keepalived told it.'),
    vip: text('VIP', 'Its name in lb.yaml.'),
    text: text('Text', 'From which state to which, and why as far as this node knows.'),
  })
  .meta({ title: 'Move', description: 'A VIP has changed its state on this node.' })

export const serverSchema = z
  .object({
    name: text('Name', 'Its name in lb.yaml.'),
    status: text('Status', "HAProxy's own words: `UP`, `UP 1/2`, `DOWN`, `DRAIN`, `MAINT`, `no check`, …"),
    up: flag('Up', 'HAProxy sends it new connections, as far as checks go.'),
    checked: flag('Checked', 'A check of it has succeeded, or it has none.'),
    lastCheck: text('Last check', "HAProxy's own words for how the last check ended: `L4OK`, `L7STS`, …"),
    currentSessions: number('Current sessions', 'Sessions on it now. A count.'),
  })
  .meta({ title: 'Server', description: 'A server of a service, as HAProxy on this node sees it.' })

export const serviceSchema = z
  .object({
    name: text('Name', 'Its name in lb.yaml.'),
    vip: text('VIP', 'Name of the VIP that offers it.'),
    address: text('Address', 'Where clients connect.'),
    port: number('Port', 'Where clients connect.'),
    up: orNull('Up', 'How many servers are up, as seen from here; null while HAProxy cannot be asked.', z.number()),
    total: number('Total', 'How many servers it has. A count.'),
    minimum: number('Minimum', 'With fewer up it counts as lost (minimumServers). A count.'),
    servers: list('Servers', 'Its servers; empty while HAProxy cannot be asked.', serverSchema),
  })
  .meta({ title: 'Service', description: 'A service of lb.yaml.' })

const oldWorkers = () =>
  orNull(
    'Old workers',
    'Workers of earlier files that still serve connections; null while that is not known.',
    z.object({
      count: number('Count', 'How many. A count.'),
      ageMs: span('Age', 'Since they were counted.'),
    }),
  )

const haproxySchema = z
  .discriminatedUnion('state', [
    z.object({
      state: tag('State', 'running', 'It was asked and has answered.'),
      pid: number('Process id', 'Of the worker that answered.'),
      version: text('Version', 'As it says.'),
      release: text('Release', 'The release id that it carries; empty when its file is not one of ours.'),
      uptimeSec: number('Uptime', 'Since the worker was started. Seconds.'),
      ageMs: span('Age', 'Since it was asked.'),
      oldWorkers: oldWorkers(),
    }),
    z.object({
      state: tag('State', 'UNKNOWN', 'It could not be asked; see gate for whether it serves.'),
      reason: text('Reason', 'Why not.'),
      ageMs: span('Age', 'Since that was noticed.'),
      oldWorkers: oldWorkers(),
    }),
  ])
  .meta({ title: 'HAProxy', description: 'What HAProxy says of itself.' })

const keepalivedSchema = z
  .discriminatedUnion('state', [
    z.object({
      state: tag('State', 'running', 'Its process is there.'),
      pid: number('Process id', 'Of its main process.'),
    }),
    z.object({
      state: tag('State', 'hanging', 'It is there, but cannot work: all its VIPs are UNKNOWN.'),
      pid: number('Process id', 'Of its main process.'),
      reason: text('Reason', 'How that is known.'),
    }),
    z.object({
      state: tag('State', 'stopped', 'It has no process.'),
      reason: text('Reason', 'How it ended, or that it was not started.'),
    }),
  ])
  .meta({
    title: 'keepalived',
    description: 'Whether keepalived runs is looked at as this is put together, whether it works twice a second.',
  })

const fetchSchema = z.object({
  ok: flag('OK', 'Whether the last look went well.'),
  detail: text('Detail', 'What came of it.'),
  ageMs: span('Age', 'Since the last look.'),
  everyMs: span('Every', 'Between two looks that go well (repository.every).'),
  nextInMs: span('Next', 'Until the next look; negative while it is under way.'),
  okAtMs: timeOrNull('Read', 'When the repository could be read last; null when it never could by this agent.'),
})

const peerSchema = z
  .object({
    name: text('Name', 'Its name in lb.yaml.'),
    address: text('Address', 'Where its agent is asked.'),
    up: orNull('Up', 'Whether its agent answered when it was last asked; null: not asked lately.', z.boolean()),
    reason: orNull('Reason', 'Why it was silent; null unless it was.', z.string()),
    holds: list('Holds', 'VIPs of this node that it said to have itself; empty unless it answered.', z.string()),
    ageMs: orNull('Age', 'Since it was asked; null: not lately. Milliseconds.', z.number()),
  })
  .meta({
    title: 'Peer',
    description: 'Another node, as it said itself when it was asked, within the last seconds.',
  })

export const suspensionSchema = z
  .object({
    sinceMs: time('Since', 'When it began.'),
    untilMs: timeOrNull('Until', 'When it ends by itself; null: with lb-agent resume.'),
    reason: text('Reason', 'In the words of whoever suspended; may be empty.'),
  })
  .meta({ title: 'Suspension', description: 'The order of a person to apply no new revision.' })

export const statusSchema = z
  .object({
    format: z.literal(1).meta({
      title: 'Format',
      description: 'Counts up when a field is taken away, renamed or given another meaning.',
    }),
    node: text('Node', 'Name of this node in lb.yaml.'),
    version: text('Version', 'Of lb-agent.'),
    atMs: time('When', 'When this was put together.'),
    agent: z
      .object({
        pid: number('Process id', 'Of the agent.'),
        startedAtMs: time('Started', 'When it was started.'),
        onDisk: orNull(
          'On the disk',
          'Version of the lb-agent on the disk when it is another one than runs: it takes over once it has been tried and no pass is under way. Null: the same version, or one that cannot run, of which troubles tells.',
          z.string(),
        ),
      })
      .meta({ title: 'Agent', description: 'The agent that reports.' }),
    headline: headline(),
    applied: orNull(
      'Applied',
      'What the daemons run; null before the first release.',
      z.object({
        release: text('Release', 'Its id, `<commit>-<digest>`.'),
        revision: text('Revision', 'The newest commit that it stands for: a later one can render the same files.'),
        atMs: time('When', 'When it was applied.'),
      }),
    ),
    previous: orNull('Previous', 'The release before, to which rollback goes; null when there is none.', z.string()),
    rejected: list('Rejected', 'Revisions that are not tried again, the newest 20, oldest first.', rejectedSchema),
    desired: orNull(
      'Desired',
      'The newest commit of the branch that this agent has seen; null before the first.',
      z.object({
        revision: text('Revision', 'The full name of the commit.'),
        committedAtMs: time('Committed', 'When it was committed, as the commit says.'),
      }),
    ),
    fetch: orNull('Fetch', 'The last look at the repository; null before the first.', fetchSchema),
    suspended: orNull(
      'Suspended',
      'A person has told this node to apply no new revision; null when it applies them.',
      suspensionSchema,
    ),
    lastPass: orNull(
      'Last pass',
      'The newest walk from the repository to the daemons that did more than find nothing new; null when there was none.',
      passSchema,
    ),
    gate: z
      .object({
        open: flag(
          'Open',
          'This node may hold VIPs: its HAProxy served at the last look. UNKNOWN unless `fresh`, and while `ageMs` is null.',
        ),
        reason: text('Reason', 'Why it is open or closed.'),
        sinceMs: time('Since', 'When it opened or closed.'),
        ageMs: orNull('Age', 'Since the last look at HAProxy; null before the first. Milliseconds.', z.number()),
        fresh: flag('Fresh', 'The next look is not overdue; false: how HAProxy is now is not known.'),
      })
      .meta({ title: 'Gate', description: 'Whether this node may hold VIPs at all.' }),
    vips: list('VIPs', 'Those of the applied release.', vipSchema),
    moves: list('Moves', 'The last changes of state that keepalived told, newest first.', moveSchema),
    drains: list('Drains', 'What is given away by hand.', drainSchema),
    troubles: list('Troubles', 'What a person should mend, oldest first.', troubleSchema),
    haproxy: haproxySchema,
    keepalived: keepalivedSchema,
    services: list('Services', 'Those of the applied release.', serviceSchema),
    peers: list('Peers', 'The other nodes.', peerSchema),
    drift: z
      .object({
        files: list('Files', 'Live files that differ; empty when none does.', driftSchema),
        ageMs: orNull('Age', 'Since the last look; null before the first. Milliseconds.', z.number()),
      })
      .meta({ title: 'Drift', description: 'Whether the live files are what the applied release wrote.' }),
  })
  .meta({
    title: 'Status of a node',
    description:
      'What `lb-agent status --json` prints and /api/v1/status answers. Stable: within one format fields are only added, and a field keeps its meaning and unit; fields with a list of values, and `kind` and `state`, may get more of them in a later version of lb-agent than the one that prints this schema. Readers ignore what they do not know. The words of sentences (text, reason, detail) may change.',
  })
