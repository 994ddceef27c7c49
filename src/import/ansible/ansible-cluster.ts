import type { Problem } from '../../spec/problem.ts'
import type { OldCluster, OldFile, OldNode } from '../old-cluster.ts'
import {
  besideOf,
  commonVariables,
  factsOf,
  type VariableFiles,
  variableDirectories,
  writtenVariables,
} from './host-variables.ts'
import { hostsOf, type Inventory } from './inventory.ts'
import { listOf, loadYaml, mapping, textOf } from './load-yaml.ts'
import { depthOf, directoryOf, joined, nameOf } from './paths.ts'
import { readInventory } from './read-inventory.ts'
import { resolveVariables } from './resolve-variables.ts'
import { runPlaybook } from './run-playbook.ts'
import type { HostRun, Kind } from './scope.ts'

type Files = ReadonlyMap<string, string>
export type AnsibleOptions = { inventory?: string | undefined; playbook?: string | undefined }
type PlaybookRun = { playbook: string; runs: HostRun[]; variables: VariableFiles }

/**
 * The balancers of an Ansible project: for each host of its inventory the haproxy.cfg and keepalived.conf that its playbooks would
 * write. undefined: there is no inventory with hosts.
 */
export function ansibleCluster(files: Files, options: AnsibleOptions): OldCluster | undefined {
  const { inventory, sources, others } = readInventory(files, options.inventory)
  if (inventory.hosts.size === 0) return undefined
  const playbooks = options.playbook === undefined ? rootPlaybooks(files) : [options.playbook]
  const runs = playbooks.map((playbook) => runAll(playbook, files, inventory, sources)).filter(hasFiles)
  const guessed =
    runs.length > 0 ? [] : [runTemplates(files, inventory, sources)].filter((run) => run !== undefined).filter(hasFiles)
  const taken = [...runs, ...guessed].sort(
    (a, b) =>
      countFiles(b) - countFiles(a) || depthOf(a.playbook) - depthOf(b.playbook) || (a.playbook < b.playbook ? -1 : 1),
  )
  const { nodes, problems } = nodesOf(taken, inventory)
  const best = taken[0]
  const addresses = best === undefined ? new Map<string, string>() : addressesOfHosts(best)
  return {
    nodes,
    read: [
      ...new Set([...sources, ...taken.slice(0, 1).map(({ playbook }) => playbook), ...(best?.variables.read ?? [])]),
    ].filter((path) => files.has(path)),
    groups: addressesOfGroups(inventory, addresses),
    addresses,
    problems: [
      ...others.map((file) =>
        whole(file, `is another inventory, and was not read; --inventory ${file} takes it instead`),
      ),
      ...inventory.problems,
      ...problems,
      ...(best === undefined ? [] : [...best.variables.problems.values(), ...misplaced(best)]),
    ],
  }
}

/** Playbooks that no other one imports. */
function rootPlaybooks(files: Files): string[] {
  const plays = new Map<string, Record<string, unknown>[]>()
  for (const [path, text] of files) {
    const isElsewhere =
      /(?:^|\/)(?:roles|group_vars|host_vars|tasks|handlers|defaults|vars|meta|molecule|templates)\//.test(path)
    if (isElsewhere || !/\.ya?ml$/.test(path) || !/^\s*-\s+(?:name|hosts|import_playbook|ansible\.builtin)/m.test(text))
      continue
    const list = listOf(loadYaml(path, text).value).map(mapping)
    if (list.some((play) => play['hosts'] !== undefined || importedBy(path, play) !== undefined)) plays.set(path, list)
  }
  const imported = new Set([...plays].flatMap(([path, list]) => list.map((play) => importedBy(path, play))))
  return [...plays.keys()].filter((path) => !imported.has(path))
}

function importedBy(path: string, play: Record<string, unknown>): string | undefined {
  const imported = textOf(play['import_playbook']) ?? textOf(play['ansible.builtin.import_playbook'])
  return imported === undefined ? undefined : joined(directoryOf(path), imported)
}

function runAll(playbook: string, files: Files, inventory: Inventory, sources: readonly string[]): PlaybookRun {
  const beside = besideOf([...sources, playbook])
  // Where Ansible itself does not look, but people put them.
  const astray = variableDirectories(files).filter((path) => path === '' && !beside.includes(path))
  const variables: VariableFiles = {
    files,
    inventory,
    directories: [...astray, ...beside],
    read: new Set(),
    problems: new Map(),
  }
  const known = knownOf(variables)
  const runs = [...inventory.hosts.keys()].map((host): HostRun => {
    const { written, facts } = known.get(host) ?? { written: {}, facts: {} }
    return {
      host,
      written,
      facts: {},
      known: facts,
      files: new Map(),
      scripts: new Map(),
      failed: new Set(),
      problems: new Map(),
      setByRun: new Map(),
    }
  })
  for (const run of runs) runPlaybook(playbook, run, variables)
  return { playbook, runs, variables }
}

/** What each host says of itself, and, as `hostvars`, of all others. */
function knownOf(
  variables: VariableFiles,
): Map<string, { written: Record<string, unknown>; facts: Record<string, unknown> }> {
  const common = commonVariables(variables.inventory)
  const hosts = [...variables.inventory.hosts.keys()].map((host) => {
    const written = writtenVariables(variables, host)
    const own = { ...common, ...factsOf(variables.inventory, host, resolveVariables(written, common)) }
    return { host, written, own }
  })
  const { groups: _, ...shared } = common
  const hostvars = Object.fromEntries(
    hosts.map(({ host, written, own: { groups: __, ...own } }) => [
      host,
      { ...shared, ...resolveVariables(written, { ...own, groups: common['groups'] }), groups: undefined },
    ]),
  )
  return new Map(hosts.map(({ host, written, own }) => [host, { written, facts: { ...own, hostvars } }]))
}

const OF_BALANCERS = /load.?balanc|haproxy|keepalived|balanc|proxy|(?:^|[._-])lbs?(?:[._-]|$)/i

/** Without a playbook that writes the files: every template that looks like one of them, for the group that looks like balancers. */
function runTemplates(files: Files, inventory: Inventory, sources: readonly string[]): PlaybookRun | undefined {
  const group = [...inventory.groups.keys()].find(
    (name) => OF_BALANCERS.test(name) && hostsOf(inventory, name).length > 0,
  )
  const templates = [...files.keys()].filter((path) =>
    /(?:haproxy[^/]*\.cfg|keepalived[^/]*\.conf)(?:\.j2)?$/.test(path),
  )
  if (group === undefined || templates.length === 0) return undefined
  const roles = [...new Set(templates.map((path) => path.replace(/\/?(?:templates|files)\/.*$/, '')))]
  const vars = roles.flatMap((role) =>
    ['defaults', 'vars'].map((part) => (role === '' ? `${part}/main.yml` : `${role}/${part}/main.yml`)),
  )
  const play = {
    hosts: group,
    vars_files: vars.filter((path) => files.has(path)),
    tasks: templates.map((path) => ({ template: { src: path, dest: `/etc/${nameOf(path).replace(/\.j2$/, '')}` } })),
  }
  const playbook = 'the templates alone'
  return runAll(playbook, new Map([...files, [playbook, JSON.stringify([play])]]), inventory, sources)
}

function hasFiles(run: PlaybookRun): boolean {
  return countFiles(run) > 0 || run.runs.some(({ problems }) => problems.size > 0)
}

function countFiles({ runs }: PlaybookRun): number {
  return runs.reduce((count, { files }) => count + files.size, 0)
}

/** The files of the playbook that writes most of them; what it does not write, from the next one. */
function nodesOf(taken: readonly PlaybookRun[], inventory: Inventory): { nodes: OldNode[]; problems: Problem[] } {
  const problems = new Map<string, Problem>()
  const nodes = [...inventory.hosts.keys()].flatMap((host): OldNode[] => {
    const runs = taken.flatMap(({ playbook, runs: all }) =>
      all.filter((run) => run.host === host).map((run) => ({ playbook, run })),
    )
    const pick = (kind: Kind): OldFile | undefined => {
      const [first, ...rest] = runs.filter(({ run }) => run.files.has(kind))
      for (const other of rest) {
        if (other.run.files.get(kind)?.text === first?.run.files.get(kind)?.text) continue
        const message = `also writes ${kind === 'haproxy' ? 'haproxy.cfg' : 'keepalived.conf'}, with other contents; ${first?.playbook} was taken, and --playbook ${other.playbook} takes this one`
        problems.set(`${other.playbook} ${message}`, whole(other.playbook, message))
      }
      return first?.run.files.get(kind)
    }
    const haproxy = pick('haproxy')
    const keepalived = pick('keepalived')
    for (const { run } of runs.slice(0, 1))
      for (const [key, problem] of [...run.problems, ...setByRuns(run, [haproxy, keepalived])])
        problems.set(key, problem)
    const address = textOf(runs[0]?.run.known['ansible_host'])
    const scripts = new Map(runs.toReversed().flatMap(({ run }) => [...run.scripts]))
    const hasFailed = runs.some(({ run }) => run.failed.size > 0)
    return haproxy === undefined && keepalived === undefined && !hasFailed
      ? []
      : [{ name: host, address, haproxy, keepalived, scripts }]
  })
  return { nodes, problems: [...problems.values()] }
}

/** Values that files give, and that a run of the playbook would have replaced by what it finds on the host. */
function setByRuns({ setByRun, written }: HostRun, files: readonly (OldFile | undefined)[]): [string, Problem][] {
  if (files.every((file) => file === undefined)) return []
  return [...setByRun].flatMap(([name, at]): [string, Problem][] => {
    if (!Object.hasOwn(written, name)) return []
    const message = `sets ${name} to what it finds on each host; the value that the files give was taken instead`
    return [[`${at.file} ${message}`, { ...at, message }]]
  })
}

function misplaced({ playbook, variables }: PlaybookRun): Problem[] {
  if (besideOf([playbook]).includes('') || variables.directories[0] !== '') return []
  const files = [...variables.read].filter((path) => /^(?:group_vars|host_vars)\//.test(path))
  const [first, ...rest] = files
  if (first === undefined) return []
  const what = rest.length === 0 ? 'lies' : `and ${rest.length} other file${rest.length === 1 ? '' : 's'} there lie`
  const message = `${what} where Ansible does not look: it reads group_vars and host_vars beside the inventory and beside the playbook. They were read all the same, because they say what is meant; the files on the nodes were made without them`
  return [whole(first, message)]
}

/** With what lies beside the inventory, as the first playbook has it. */
function addressesOfHosts({ runs }: PlaybookRun): Map<string, string> {
  return new Map(
    runs.flatMap(({ host, known }) => {
      const address = textOf(known['ansible_host'])
      return address === undefined ? [] : [[host, address]]
    }),
  )
}

function addressesOfGroups(inventory: Inventory, addresses: ReadonlyMap<string, string>): Map<string, string[]> {
  const groups = [...inventory.groups.keys()]
  return new Map(groups.map((group) => [group, hostsOf(inventory, group).flatMap((host) => addresses.get(host) ?? [])]))
}

function whole(file: string, message: string): Problem {
  return { file, line: 0, col: 0, message }
}
