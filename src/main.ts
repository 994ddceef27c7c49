import { Command, CommanderError, Option } from 'commander'
import { FORMATS } from './annotate/annotation.ts'
import { ConfigProblems, DEFAULT_CONFIG } from './cli/config-problems.ts'
import { DOCTOR, EXIT_CODES, FIREWALL, IMPORT, INSTALL, MONITORING, PROVE, STATUS } from './cli/help-texts.ts'
import { AgentFailed } from './serve/agent-failed.ts'
import { AgentUnreachable } from './serve/agent-unreachable.ts'
import { version } from './version.ts'

/** The verb table. Verbs are loaded when they are called, so that a short one starts fast. */
function verbs(exit: (work: Promise<number>) => Promise<void>): Command {
  const program = new Command('lb-agent')
  program
    .description('Keeps an HAProxy + keepalived pair as its git repository says, and fails it over in milliseconds.')
    .version(version())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_CODES)

  const verb = (usage: string, summary: string) => program.command(usage).description(summary).exitOverride()
  const local = (usage: string, summary: string) =>
    verb(usage, summary).option('--config <file>', 'agent.yaml of this node', DEFAULT_CONFIG)

  program.commandsGroup('On a balancer:')
  local('run', 'the daemon: pull, validate, put live, watch')
    // An agent that runs asks the next version so.
    .addOption(new Option('--trial').hideHelp())
    .action((options) =>
      exit(import('./cli/run.ts').then(({ run, tryOut }) => (options.trial ? tryOut : run)(options))),
    )
  local('status', 'what is true on this node now')
    .option('--json', 'for programs')
    .option('--watch', 'again every second, also while the agent is restarted')
    .option('--cluster', 'all nodes side by side, as their agents say')
    .option('--wait <conditions>', "returns once they hold, such as 'vip api served, servers >= 2'")
    .option('--for <duration>', 'with --wait: how long without a break', '0s')
    .option('--timeout <duration>', 'with --wait: when to give up', '10m')
    .addHelpText('after', STATUS)
    .action((options) => exit(import('./cli/status.ts').then(({ status }) => status(options))))
  local('why <vip>', 'what happened to a VIP: who held it, when, why it moved')
    .option('--last <n>', 'only the newest events', '20')
    .option('--all', 'every event that is kept')
    .option('--json', 'for programs')
    .action((vip, options) => exit(import('./cli/why.ts').then(({ why }) => why(vip, options))))
  local('sync', 'look at the repository now; returns once the release serves')
    .option('--wait', 'wait for the end of the confirm window as well')
    .option('--retry', 'try a rejected revision again')
    .option('--accept-rewind', 'accept a branch that was rewound')
    .option('--restore', 'put back live files that were edited')
    .option('--json', 'for programs')
    .action((options) => exit(import('./cli/sync.ts').then(({ sync }) => sync(options))))
  local('rollback', 'back to the previous release of this node, without the network')
    .option('--json', 'for programs')
    .action((options) => exit(import('./cli/sync.ts').then(({ rollback }) => rollback(options))))
  local('drain', 'give the VIPs of this node away, without a lost request, until undrain')
    .option('--vip <name>', 'only this one (default: all)')
    .option('--for <duration>', 'ends by itself after 30m, 2h, …')
    .option('--for-shutdown', 'the host is about to stop: ends with the next start')
    .option('--json', 'for programs')
    .action((options) => exit(import('./cli/drain.ts').then(({ drain }) => drain(options))))
  local('undrain', 'take part again; also ends the wait after a recovery (failback: manual)')
    .option(
      '--vip <name>',
      'only this one (default: all); also one that is left to a pair without lb-agent, if nobody has it',
    )
    .option('--json', 'for programs')
    .action((options) => exit(import('./cli/drain.ts').then(({ undrain }) => undrain(options))))
  local('suspend', 'apply no new revision on this node until resume; its VIPs move as ever')
    .option('--for <duration>', 'ends by itself after 30m, 2h, …')
    .option('--reason <text>', 'for those who look at status')
    .option('--json', 'for programs')
    .action((options) => exit(import('./cli/suspend.ts').then(({ suspend }) => suspend(options))))
  local('resume', 'follow the repository again, and look at it now')
    .option('--json', 'for programs')
    .action((options) => exit(import('./cli/suspend.ts').then(({ resume }) => resume(options))))
  local('stop', 'drain, then stop keepalived, HAProxy and the agent (a restart of the agent stops neither)').action(
    (options) => exit(import('./cli/stop.ts').then(({ stop }) => stop(options))),
  )
  local('doctor', 'look at this node for what would keep it from working, with the fix of each problem')
    .option('--fix', 'mend what is safe to mend: no VIP moves, no request fails (root)')
    .option('--dry-run', 'with --fix: say what would be done, and do nothing')
    .option('--json', 'for programs')
    .addHelpText('after', DOCTOR)
    .action((options) => exit(import('./cli/doctor.ts').then(({ doctor }) => doctor(options))))
  local(
    'install',
    'set up this host: packages, agent.yaml, keys, units; takes over a pair that runs here without an outage',
  )
    .option('--repo <url>', 'git repository that holds lb.yaml')
    .option('--branch <name>', 'its branch (default: main)')
    .option('--path <directory>', 'the directory of lb.yaml in it (default: .)')
    .option('--node <name>', 'which node of lb.yaml this is (default: the hostname)')
    .option('--listen <address:port>', 'http.listen of agent.yaml (default: 0.0.0.0:9853)')
    .option('--key <file>', 'private key for a repository that is read by ssh; it is copied')
    .option('--new-key', 'instead make a deploy key, and show what the git server must know of it')
    .option('--host-key <fingerprint>', "the git server's, by ssh, SHA256:…; it is pinned if the server has it")
    .option('--alone', 'the other nodes have no agent, and no keepalived of an old pair runs there')
    .option('--accept-gap', 'a VIP may be away for less than a second where keepalived cannot keep it')
    .option('--yes', 'ask nothing')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'for programs')
    .addHelpText('after', INSTALL)
    .action((options) => exit(import('./cli/install.ts').then(({ install }) => install(options))))
  local('uninstall', 'put back what was here before install; without an outage where there was a pair')
    .option('--alone', 'on the other nodes lb-agent is uninstalled, or keepalived stopped')
    .option('--yes', 'ask nothing')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'for programs')
    .action((options) => exit(import('./cli/uninstall.ts').then(({ uninstall }) => uninstall(options))))
  verb('check', 'the vrrp_script of keepalived: 0 = HAProxy on this node serves')
    .option('--runtime <directory>', 'runtime directory of the agent', '/run/lb-agent')
    .option('--health-port <port>', 'loopback port of the health listener', '8405')
    .action(() => exit(refuse('check')))
  verb(
    'release-vips [file]',
    'take the addresses of a keepalived.conf off this node; nothing while keepalived runs',
  ).action(() => exit(refuse('release-vips')))

  program.commandsGroup('In the repository:')
  verb('init <directory>', 'write a commented starter repository')
    .option('--templates', 'write the two built-in templates instead, for a repository to change')
    .action((directory, options) => exit(import('./cli/init.ts').then(({ init }) => init(directory, options))))
  verb('import <directory>', 'an lb.yaml of an Ansible project, or of hand-written haproxy.cfg and keepalived.conf')
    .option('--out <directory>', 'write lb.yaml there instead of printing it')
    .option('--cluster <name>', 'name of the cluster (default: that of the directory)')
    .option('--inventory <path>', 'of an Ansible project with several: the one to read, as a path in it')
    .option('--playbook <path>', 'of an Ansible project with several: the one to read, as a path in it')
    .option('--json', 'for programs')
    .addHelpText('after', IMPORT)
    .action((directory, options) =>
      exit(import('./cli/import.ts').then(({ importFiles }) => importFiles(directory, options))),
    )
  verb('validate <path>', 'check all nodes: the proof, and the daemons’ own checks where installed')
    .addOption(format())
    .option('--json', 'the same as --format json')
    .action((path, options) => exit(import('./cli/validate.ts').then(({ validate }) => validate(path, options))))
  verb('prove [path]', 'who takes a VIP over under every fault, how fast, and what stands against it')
    .option('--keepalived <files...>', 'hand-written files instead of lb.yaml: the keepalived.conf of each node')
    .option('--haproxy <files...>', 'with --keepalived: their haproxy.cfg, one for all or one of each node')
    .addOption(format())
    .option('--json', 'the same as --format json')
    .addHelpText('after', PROVE)
    .action((path, options) => exit(import('./cli/prove.ts').then(({ prove }) => prove(path, options))))
  verb('rules [name]', 'the rules of prove and validate: what they find, why, what to do')
    .option('--json', 'for programs')
    .action((name, options) => exit(import('./cli/rules.ts').then(({ rules }) => rules(name, options))))
  verb('render <path>', 'the two files of one node')
    .requiredOption('--node <name>', 'node of lb.yaml')
    .option('--out <directory>', 'write them there instead of printing them')
    .action((path, options) => exit(import('./cli/render.ts').then(({ render }) => render(path, options))))
  local('plan <path>', 'what PATH would change on a node: a diff per file, what follows, who takes over then')
    .option('--node <name>', 'node of lb.yaml (default: the node of agent.yaml)')
    .option('--from <release>', 'start from a stored release (id or its beginning, applied, previous) or a directory')
    .option('--no-diff', 'only what follows of the change, and who takes over')
    .option('--json', 'for programs')
    .action((path, options) => exit(import('./cli/plan.ts').then(({ plan }) => plan(path, options))))
  verb('drill [path]', 'build the cluster in network namespaces, break it, say what a client saw (root)')
    .option('--faults <list>', 'names of faults, or all (default: a short drill; see --list)')
    .option('--services <list>', 'services that the client asks (default: all)')
    .option('--rounds <n>', 'rounds of each fault', '1')
    .option('--every <ms>', 'time between two connections of the client to each service', '5')
    .option('--list', 'say which faults there are')
    .option('--keep', 'leave the lab up until Ctrl-C')
    .option('--json', 'for programs')
    .action((path, options) => exit(import('./cli/drill.ts').then(({ drill }) => drill(path, options))))
  verb('monitoring <path>', 'what Prometheus and Grafana need for this cluster')
    .option('--rules', 'alerting rules, for rule_files of prometheus.yml')
    .option('--scrape', 'the agents as targets, for scrape_configs of prometheus.yml')
    .option('--grafana', 'a dashboard to import')
    .option('--port <n>', 'with --scrape: port of http.listen in agent.yaml', '9853')
    .addHelpText('after', MONITORING)
    .action((path, options) => exit(import('./cli/monitoring.ts').then(({ monitoring }) => monitoring(path, options))))
  local('firewall <path>', 'a file for nft: VRRP from the other nodes only, services, who may read the agent')
    .option('--node <name>', 'node of lb.yaml (default: the node of agent.yaml)')
    .option('--scraper <list>', 'address or network that reads /metrics; with commas, or more than once', collect)
    .option('--port <n>', 'port of http.listen (default: that of agent.yaml, or 9853)')
    .option('--into <chain>', "accept it in a chain that drops the rest, such as 'inet filter input'")
    .option('--into-output <chain>', "the same for what goes out, such as 'inet filter output'")
    .addHelpText('after', FIREWALL)
    .action((path, options) => exit(import('./cli/firewall.ts').then(({ firewall }) => firewall(path, options))))
  verb('schema', 'a JSON Schema: of lb.yaml for editors, of status --json for programs')
    .addOption(
      new Option('--of <what>', 'what it describes')
        .choices(['lb.yaml', 'agent.yaml', 'status', 'cluster'])
        .default('lb.yaml'),
    )
    .action((options) => exit(import('./cli/schema.ts').then(({ schema }) => schema(options))))

  // Processes that the agent and the drill start for themselves; nobody calls these by hand.
  const hidden = (usage: string) => program.command(usage, { hidden: true })
  hidden('prepare-release').action(() => import('./prepare/inside.ts').then(({ runPreparation }) => runPreparation()))
  hidden('lab-server <options>').action((options) =>
    import('./drill/lab-server.ts').then(({ runLabServer }) => runLabServer(options)),
  )
  hidden('lab-client <options>').action((options) =>
    import('./drill/lab-client.ts').then(({ runLabClient }) => runLabClient(options)),
  )

  return program
}

function format(): Option {
  return new Option('--format <name>', 'github: annotations of GitHub Actions; sarif: SARIF 2.1.0')
    .choices(FORMATS)
    .default('text')
}

/** An option that may be given more than once. */
function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** `check` must not cost a Node start each second, so the launcher answers it; here it has been called around it. */
async function refuse(name: 'check' | 'release-vips'): Promise<number> {
  console.error(`lb-agent ${name} is answered by the launcher (dist/lb-agent), not by the bundle`)
  return 2
}

async function main(): Promise<void> {
  const exit = async (work: Promise<number>): Promise<void> => {
    process.exitCode = await work
  }
  try {
    await verbs(exit).parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof AgentUnreachable || error instanceof AgentFailed || error instanceof ConfigProblems) {
    console.error(`lb-agent: ${error.message}`)
    return error instanceof AgentUnreachable ? 3 : 1
  }
  if (error instanceof Error && 'syscall' in error) console.error(`lb-agent: ${error.message}`)
  else console.error(error)
  return 1
}

await main()
