import { parseIpAddress } from '../../spec/address.ts'
import type { Problem } from '../../spec/problem.ts'
import { groupsOf, hostsOf, type Inventory } from './inventory.ts'
import { loadYaml, mapping, textOf } from './load-yaml.ts'
import { directoryOf } from './paths.ts'

type Files = ReadonlyMap<string, string>

/** Where variables of groups and hosts are looked for, and what was read of them. */
export type VariableFiles = {
  files: Files
  inventory: Inventory
  /** Directories that may hold group_vars and host_vars, that which counts most last. */
  directories: readonly string[]
  read: Set<string>
  problems: Map<string, Problem>
}

/** What is written of a host in the inventory and beside it; the last counts (Ansible's VARIABLE_PRECEDENCE). */
export function writtenVariables(variables: VariableFiles, host: string): Record<string, unknown> {
  const { inventory } = variables
  const groups = groupsOf(inventory, host)
  const inline = groups.map((group) => inventory.groups.get(group)?.variables ?? {})
  const files = (kind: 'group_vars' | 'host_vars', names: readonly string[]) =>
    variables.directories.flatMap((directory) => names.flatMap((name) => filesOf(variables, directory, kind, name)))
  return Object.assign(
    {},
    ...inline,
    ...files('group_vars', ['all']),
    ...files('group_vars', groups.slice(1)),
    inventory.hosts.get(host) ?? {},
    ...files('host_vars', [host]),
  )
}

/** Values of a variables file; where it is in a vault, nothing. */
export function valuesOf(
  { files, read, problems }: Omit<VariableFiles, 'inventory' | 'directories'>,
  path: string,
): Record<string, unknown> {
  const loaded = loadYaml(path, files.get(path) ?? '')
  read.add(path)
  for (const problem of loaded.problems) problems.set(`${problem.file}:${problem.line} ${problem.message}`, problem)
  return mapping(loaded.value)
}

/** Ansible takes the first of these that exists; a directory with all files in it (DataLoader.find_vars_files, 2.14). */
function filesOf(
  variables: VariableFiles,
  directory: string,
  kind: 'group_vars' | 'host_vars',
  name: string,
): Record<string, unknown>[] {
  const base = `${directory === '' ? '' : `${directory}/`}${kind}/${name}`
  const inside = [...variables.files.keys()].filter((path) => path.startsWith(`${base}/`))
  if (inside.length > 0) return inside.map((path) => valuesOf(variables, path))
  const path = ['', '.yml', '.yaml', '.json'].map((suffix) => base + suffix).find((one) => variables.files.has(one))
  return path === undefined ? [] : [valuesOf(variables, path)]
}

/** Directories with group_vars or host_vars in them, by how near they are to the top. */
export function variableDirectories(files: Files): string[] {
  const found = [...files.keys()].flatMap((path) => /^(.*?)(?:^|\/)(?:group_vars|host_vars)\//.exec(path)?.[1] ?? [])
  return [...new Set(found)].filter((path) => !/(?:^|\/)(?:roles|molecule)(?:\/|$)/.test(path))
}

/** The address at which Ansible reaches a host, if it is one. */
export function addressOf(host: string, variables: Readonly<Record<string, unknown>>): string | undefined {
  const written = textOf(variables['ansible_host']) ?? textOf(variables['ansible_ssh_host']) ?? host
  return parseIpAddress(written)?.text
}

/**
 * What a run of Ansible would know of a host, as far as the inventory tells it: its names, and its address as that of its default
 * interface and of those interfaces that variables name.
 */
export function factsOf(
  inventory: Inventory,
  host: string,
  variables: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const address = addressOf(host, variables)
  const short = parseIpAddress(host) ? host : (host.split('.')[0] ?? host)
  const devices = Object.entries(variables).flatMap(([name, value]) =>
    /interface|iface|nic\b|_dev/.test(name) && typeof value === 'string' && /^[a-z][\w.-]{1,14}$/.test(value)
      ? [value]
      : [],
  )
  const [device] = devices
  const ipv4 = address === undefined ? undefined : { address }
  const known: Record<string, unknown> = {
    hostname: short,
    nodename: host,
    fqdn: host,
    ...(ipv4 && { default_ipv4: { ...ipv4, ...(device && { interface: device }) }, all_ipv4_addresses: [address] }),
  }
  for (const name of devices) known[name.replaceAll(/[-.:]/g, '_')] = { device: name, ...(ipv4 && { ipv4 }) }
  const prefixed = Object.fromEntries(Object.entries(known).map(([name, value]) => [`ansible_${name}`, value]))
  return {
    ...prefixed,
    ansible_facts: known,
    inventory_hostname: host,
    inventory_hostname_short: short,
    group_names: groupsOf(inventory, host)
      .filter((name) => name !== 'all')
      .sort(),
    ...(address !== undefined && { ansible_host: address }),
  }
}

/** Names that are the same for all hosts. */
export function commonVariables(inventory: Inventory): Record<string, unknown> {
  const groups = ['all', 'ungrouped', ...inventory.groups.keys()]
  return {
    groups: Object.fromEntries(groups.map((group) => [group, hostsOf(inventory, group)])),
    ansible_managed: 'Ansible managed',
    ansible_check_mode: false,
    playbook_dir: '.',
    inventory_dir: '.',
  }
}

export function besideOf(paths: readonly string[]): string[] {
  return [...new Set(paths.map(directoryOf))]
}
