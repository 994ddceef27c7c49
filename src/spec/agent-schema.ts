import * as z from 'zod'
import { choice, duration, integer, name, section, text } from './fields.ts'
import { httpSchema } from './http-schema.ts'
import { whyNotRepositoryUrl } from './repository-url.ts'
import { webhookSchema } from './webhook-schema.ts'

const DAY_MS = 86_400_000
// Paths become words of haproxy.cfg, keepalived.conf and shell scripts.
const SEGMENT = String.raw`(?!\.{1,2}(?:/|$))[A-Za-z0-9_.@+-]+`

function absolutePath(what: string, longest = 200) {
  const allowed = `${what} is an absolute path of at most ${longest} letters, digits and _.@+-/, without "." or ".." in it`
  return text(new RegExp(`^(?=.{1,${longest}}$)(?:/${SEGMENT})+$`), allowed)
}

function program(what: string) {
  const allowed = `${what} is the name of a program or its absolute path`
  return text(new RegExp(`^(?=.{1,200}$)(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*|(?:/${SEGMENT})+)$`), allowed)
}

function account(what: string) {
  const allowed = `${what} is 1-32 lower-case letters, digits, "_" or "-", and begins with a letter or "_"`
  return text(/^[a-z_][a-z0-9_-]{0,31}$/, allowed)
}

const REPOSITORY_FORMS = 'a repository is https://..., ssh://..., user@host:path, file:///... or an absolute path'
const CREDENTIALS = 'carries a user name or password; remove it and use an ssh key (ssh://git@host/path)'

const repositoryUrl = z.string({ error: REPOSITORY_FORMS }).transform((url, context) => {
  const why = whyNotRepositoryUrl(url)
  if (why === undefined) return url
  const message = why === 'credentials' ? CREDENTIALS : `is none that lb-agent fetches from; ${REPOSITORY_FORMS}`
  context.addIssue({ code: 'custom', message, params: { unshown: true } })
  return z.NEVER
})

// git check-ref-format, and stricter: no option, no range, no full ref name.
const branch = text(
  /^(?=.{1,200}$)(?!refs\/|HEAD$)(?!.*(?:\.\.|\/\/|\/\.|\.\/|\.lock\/|\.lock$|\.$|\/$))[A-Za-z0-9_][A-Za-z0-9_./+-]*$/,
  'a branch is a name such as main or env/home: letters, digits and _./+- only',
)

const repositoryPath = text(
  new RegExp(String.raw`^(?=.{1,200}$)(?:\.|(?!-)${SEGMENT}(?:/(?!-)${SEGMENT})*)$`),
  'a path in the repository is "." or relative, such as clusters/home, without ".." in it',
)

const repository = section('repository', {
  url: repositoryUrl.meta({
    title: 'URL',
    description: 'Where the repository is: https://, ssh://, user@host:path, file:/// or an absolute path.',
  }),
  branch: branch.default('main').meta({ title: 'Branch', description: 'The branch that holds the desired state.' }),
  path: repositoryPath.default('.').meta({ title: 'Path', description: 'The directory of lb.yaml in the repository.' }),
  every: duration('every', 1000, DAY_MS)
    .prefault('30s')
    .meta({ title: 'Every', description: 'Time between two fetches; at least 1s.' }),
})

// A socket's path has 107 bytes; "/haproxy-master.sock" and HAProxy's ".<pid>.tmp" need 32 of them.
/** `paths.state` of an agent.yaml that does not say it. */
export const DEFAULT_STATE = '/var/lib/lb-agent'

const paths = section('paths', {
  state: absolutePath('a state directory')
    .default(DEFAULT_STATE)
    .meta({ title: 'State', description: 'Directory of releases, journal and repository mirror; kept over a reboot.' }),
  runtime: absolutePath('a runtime directory', 75)
    .default('/run/lb-agent')
    .meta({ title: 'Runtime', description: 'Directory of sockets, gate and score files.' }),
  haproxyConfig: absolutePath('haproxyConfig')
    .default('/etc/haproxy/haproxy.cfg')
    .meta({ title: 'HAProxy configuration', description: 'The file that HAProxy reads.' }),
  keepalivedConfig: absolutePath('keepalivedConfig')
    .default('/etc/keepalived/keepalived.conf')
    .meta({ title: 'keepalived configuration', description: 'The file that keepalived reads.' }),
  launcher: absolutePath('launcher')
    .default('/usr/bin/lb-agent')
    .meta({ title: 'Launcher', description: 'The executable that keepalived calls with the argument check.' }),
})

const haproxy = section('haproxy', {
  binary: program('binary').default('haproxy').meta({ title: 'Binary', description: 'The HAProxy program.' }),
  user: account('a user')
    .default('haproxy')
    .meta({ title: 'User', description: 'The user that HAProxy workers run as.' }),
  group: account('a group')
    .default('haproxy')
    .meta({ title: 'Group', description: 'The group that HAProxy workers run as.' }),
  // A socket's path has 107 bytes; HAProxy's ".<pid>.tmp" needs some of them.
  statsSocket: absolutePath('statsSocket', 90).optional().meta({
    title: 'Stats socket',
    description:
      'Where HAProxy makes the socket that the agent asks; for a unit that runs as User=haproxy a path that this user may write. Default: haproxy.sock in paths.runtime.',
  }),
  pidFile: absolutePath('pidFile').default('/run/haproxy.pid').meta({
    title: 'Pid file',
    description: 'Where the unit has HAProxy write its pid (supervisor: systemd).',
  }),
})

const keepalived = section('keepalived', {
  binary: program('binary').default('keepalived').meta({ title: 'Binary', description: 'The keepalived program.' }),
})

const health = section('health', {
  every: duration('every', 10, 60_000)
    .prefault('100ms')
    .meta({ title: 'Every', description: 'Time between two probes of HAProxy on this node.' }),
  timeout: duration('timeout', 10, 60_000)
    .prefault('150ms')
    .meta({ title: 'Timeout', description: 'A probe without an answer for this long has failed.' }),
  fall: integer('fall', 1, 100)
    .default(2)
    .meta({ title: 'Fall', description: 'Failed probes in a row that close the gate.' }),
  rise: integer('rise', 1, 100)
    .default(2)
    .meta({ title: 'Rise', description: 'Good probes in a row that open the gate.' }),
})

const apply = section('apply', {
  confirmWindow: duration('confirmWindow', 0, 600_000).prefault('3s').meta({
    title: 'Confirm window',
    description: 'A new release is watched for this long before it counts as applied.',
  }),
  reloadTimeout: duration('reloadTimeout', 100, 600_000)
    .prefault('6s')
    .meta({ title: 'Reload timeout', description: 'A reload that is not confirmed within this time has failed.' }),
})

const trust = section('trust', {
  rewinds: choice('rewinds', ['refuse', 'accept']).default('refuse').meta({
    title: 'Rewinds',
    description: 'What happens when the branch moves to a commit that does not follow the last applied one.',
  }),
})

const hooks = section('hooks', {
  directory: absolutePath('a hook directory').default('/etc/lb-agent/hooks.d').meta({
    title: 'Directory',
    description: 'Executables in master/, backup/ and fault/ are run when a VIP gets into that state.',
  }),
  timeout: duration('timeout', 100, 600_000)
    .prefault('10s')
    .meta({ title: 'Timeout', description: 'A hook that runs longer is ended.' }),
})

const metrics = section('metrics', {
  haproxy: choice('haproxy', ['builtin', 'agent']).default('builtin').meta({
    title: 'HAProxy',
    description:
      "Who serves HAProxy's own figures. builtin: HAProxy's exporter, on the health listener of 127.0.0.1. agent: the agent, at its own /metrics.",
  }),
})

/** /etc/lb-agent/agent.yaml: what is true of one node only, as a person writes it. */
export const agentSchema = section('the file', {
  node: name('a node name')
    .optional()
    .meta({ title: 'Node', description: 'Name of this node in lb.yaml. Default: the hostname.' }),
  repository: repository.meta({ title: 'Repository', description: 'The git repository with the desired state.' }),
  supervisor: choice('supervisor', ['systemd', 'embedded']).default('systemd').meta({
    title: 'Supervisor',
    description:
      'systemd: HAProxy and keepalived are units of the distribution. embedded: the agent starts and supervises both (containers, laptops).',
  }),
  http: httpSchema.prefault({}).meta({ title: 'HTTP', description: 'The status server of the agent.' }),
  paths: paths.prefault({}).meta({ title: 'Paths', description: 'Files and directories that the agent uses.' }),
  metrics: metrics.prefault({}).meta({ title: 'Metrics', description: 'What is served for Prometheus.' }),
  haproxy: haproxy.prefault({}).meta({ title: 'HAProxy', description: 'HAProxy on this node.' }),
  keepalived: keepalived.prefault({}).meta({ title: 'keepalived', description: 'keepalived on this node.' }),
  health: health.prefault({}).meta({ title: 'Health', description: 'How HAProxy on this node is probed.' }),
  apply: apply.prefault({}).meta({ title: 'Apply', description: 'Limits for putting a release live.' }),
  trust: trust.prefault({}).meta({ title: 'Trust', description: 'What the agent accepts from the repository.' }),
  hooks: hooks.prefault({}).meta({ title: 'Hooks', description: 'What is run when a VIP changes its state.' }),
  webhooks: z
    .array(webhookSchema, { error: 'webhooks is a list' })
    .max(20, { error: 'webhooks is a list of at most 20' })
    .default([])
    .meta({ title: 'Webhooks', description: 'Who is told of moves of VIPs and of rejected revisions.' }),
}).meta({ title: 'agent.yaml', description: 'Settings of lb-agent that are true of this node only.' })
