import { basename, resolve } from 'node:path'
import { readAsset, readEngine } from '../assets.ts'
import { readHaproxyConfig } from '../haproxy-config/read-haproxy-config.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import { renderFiles } from '../render/render-files.ts'
import { createTemplateEngine, type TemplateEngine } from '../render/template-engine.ts'
import { parseSpec } from '../spec/parse-spec.ts'
import type { Problem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'
import { ansibleCluster } from './ansible/ansible-cluster.ts'
import { buildDraft } from './build-draft.ts'
import { type Difference, differencesOf, type NewConfig } from './differences.ts'
import type { Draft } from './draft.ts'
import { handWrittenCluster } from './hand-written.ts'
import { lbYamlText, MISSING, withStandIns } from './lb-yaml-text.ts'
import { leftOutLines } from './left-out.ts'
import type { OldCluster } from './old-cluster.ts'
import { type OldConfig, readOldConfigs } from './old-configs.ts'
import { type ProjectFiles, readProject } from './project-files.ts'

export type ImportOptions = {
  cluster?: string | undefined
  inventory?: string | undefined
  playbook?: string | undefined
}

/** What is said of the old files in any case. */
type Read = {
  /** The lb.yaml, with "FILL ME IN" where a person must say something. */
  text: string
  nodes: readonly string[]
  read: readonly string[]
  old: readonly OldConfig[]
  /** What a person must put into the text before it can be used. */
  toFillIn: readonly string[]
  lost: readonly string[]
  /** What could not be had of the old files. */
  problems: readonly Problem[]
}

/**
 * `imported`: `spec` has addresses that nobody has where some are to be filled in. `unparsed`: the old files say something that lb.yaml
 * does not take, and `refused` says what, with the places in the text.
 */
export type Imported =
  | ({ kind: 'imported'; spec: Spec; differences: readonly Difference[] } & Read)
  | ({ kind: 'unparsed'; refused: readonly Problem[] } & Read)
  | { kind: 'nothing'; why: string; problems: readonly Problem[] }

/** Reads an Ansible project, or files that were written by hand, and makes an lb.yaml of them. */
export function importDirectory(directory: string, options: ImportOptions): Imported {
  return importProject(readProject(directory), directory, options)
}

/** The same for files that were read. `directory` is for words, and for the name of the cluster. */
export function importProject(project: ProjectFiles, directory: string, options: ImportOptions): Imported {
  const engine = createTemplateEngine(readEngine())
  const { files } = project
  const astray = whyAstray(files, directory, options)
  if (astray !== undefined) return { kind: 'nothing', why: astray, problems: project.problems }
  const cluster = clusterOf(files, options)
  if (cluster === undefined) {
    const why = `${directory} holds neither a keepalived.conf nor an Ansible inventory with hosts; without old files lb-agent init DIRECTORY begins a new lb.yaml`
    return { kind: 'nothing', why, problems: project.problems }
  }
  const old = readOldConfigs(cluster, files)
  const problems = [...project.problems, ...cluster.problems, ...refusals(old)]
  const members = old.filter(({ keepalived }) => (keepalived?.instances ?? []).length > 0)
  const built = buildDraft(members, cluster, options.cluster ?? basename(resolve(directory)))
  if (built === undefined) return { kind: 'nothing', why: whyNothing(directory, cluster), problems }
  const leftOut = leftOutLines(members, built.leftOut)
  const text = lbYamlText(built.draft, sourcesOf(members, cluster), leftOut)
  const found: Read = {
    ...{ text, old, problems },
    nodes: built.draft.nodes.map(({ name }) => name),
    read: cluster.read,
    toFillIn: toFillIn(built.draft, old, members),
    lost: leftOut.lost,
  }
  const { text: filled, used } = withStandIns(text)
  const parsed = parseSpec(filled, 'lb.yaml')
  if (parsed.kind === 'problems') return { kind: 'unparsed', refused: parsed.problems, ...found }
  const { spec } = parsed
  const differences = differencesOf(built.groups, built.drafted, spec, rendered(engine, spec)).map((one) => ({
    ...one,
    after: [...used].reduce((after, standIn) => after.replaceAll(standIn, MISSING), one.after),
  }))
  return { kind: 'imported', spec, differences, ...found }
}

/** An option that names nothing would be passed over, and something else be read than was asked for. */
function whyAstray(files: ReadonlyMap<string, string>, directory: string, options: ImportOptions): string | undefined {
  const { inventory, playbook } = options
  const isThere = (path: string) => files.has(path) || [...files.keys()].some((file) => file.startsWith(`${path}/`))
  if (inventory !== undefined && !isThere(inventory.replace(/\/$/, '')))
    return `--inventory ${inventory} is not among the files that were read in ${directory}; it is a path in that directory`
  if (playbook !== undefined && !files.has(playbook))
    return `--playbook ${playbook} is not among the files that were read in ${directory}; it is a path in that directory`
  return undefined
}

function toFillIn({ nodes, pools }: Draft, old: readonly OldConfig[], members: readonly OldConfig[]): string[] {
  return [
    ...nodes.flatMap(({ name, address, interface: device }, index) => [
      ...(address === undefined ? [`nodes.${name}.address: no file says it`] : []),
      ...(device === undefined ? [`nodes.${name}.interface: no file says it`] : []),
      ...(members[index]?.haproxy === undefined ? [`services: the haproxy.cfg of ${name} was not to be had`] : []),
    ]),
    ...pools.flatMap(({ name, servers }) =>
      servers.flatMap((server) =>
        server.found === undefined ? [] : [`pools.${name}.${server.name}: ${server.found}`],
      ),
    ),
    ...old
      .filter((config) => !members.includes(config))
      .map(
        ({ node }) =>
          `nodes: ${node.name} was left out, because no keepalived.conf of it with a VRRP instance was to be had`,
      ),
  ]
}

/** Files of nodes win over templates of an inventory that has no balancers. */
function clusterOf(files: ReadonlyMap<string, string>, options: ImportOptions): OldCluster | undefined {
  const ansible = ansibleCluster(files, options)
  if (ansible?.nodes.some(({ keepalived }) => keepalived !== undefined)) return ansible
  return handWrittenCluster(files) ?? ansible
}

function whyNothing(directory: string, cluster: OldCluster): string {
  if (cluster.nodes.length === 0)
    return `no playbook in ${directory} writes an haproxy.cfg or a keepalived.conf for a host of the inventory`
  return `no keepalived.conf in ${directory} has a vrrp_instance with an address`
}

/** What HAProxy would not accept itself; of keepalived.conf the proof says it. */
function refusals(old: readonly OldConfig[]): Problem[] {
  const problems = old.flatMap(({ haproxy }) => haproxy?.problems ?? [])
  return [
    ...new Map(problems.map((problem) => [`${problem.file}:${problem.line} ${problem.message}`, problem])).values(),
  ]
}

function sourcesOf(members: readonly OldConfig[], { read }: OldCluster): string[] {
  const files = members.flatMap(({ node }) => [node.haproxy, node.keepalived])
  const sources = [...new Set(files.flatMap((file) => file?.source ?? []))]
  const inventory = read.find((path) => !sources.includes(path))
  return inventory === undefined ? sources : [inventory, ...sources]
}

function rendered(engine: TemplateEngine, spec: Spec): NewConfig[] {
  const templates = {
    haproxy: readAsset('templates/haproxy.cfg.j2'),
    keepalived: readAsset('templates/keepalived.conf.j2'),
  }
  return spec.nodes.flatMap(({ name }): NewConfig[] => {
    const target = {
      node: name,
      release: '',
      paths: PATHS,
      haproxy: { user: 'haproxy', group: 'haproxy' },
      metrics: { haproxy: 'builtin' as const },
    }
    const result = renderFiles(engine, spec, target, templates)
    if (result.kind === 'problems') return []
    const include = () => []
    return [
      {
        node: name,
        haproxy: readHaproxyConfig('haproxy.cfg', result.files.haproxy),
        keepalived: readKeepalivedConfig('keepalived.conf', result.files.keepalived, { configId: name, include }),
      },
    ]
  })
}

/** Where a packaged agent keeps its things; nothing of them is compared. */
const PATHS = { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' }
