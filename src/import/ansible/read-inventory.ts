import { emptyInventory, type Inventory } from './inventory.ts'
import { readIniInventory } from './inventory-ini.ts'
import { readYamlInventory } from './inventory-yaml.ts'
import { depthOf, directoryOf, joined, nameOf } from './paths.ts'

type Files = ReadonlyMap<string, string>

/**
 * The inventory of a project: the one that `asked` names, that of ansible.cfg, or the first of those that lie nearest to the top,
 * with all other files of its directory. `others`: inventories that were not taken.
 */
export function readInventory(
  files: Files,
  asked: string | undefined,
): { inventory: Inventory; sources: string[]; others: string[] } {
  const candidates = [...files.keys()].filter((path) => isInventory(path) && hasHosts(path, files.get(path) ?? ''))
  const named = asked === undefined ? configured(files) : [asked]
  const taken = named.flatMap((path) =>
    candidates.concat([...files.keys()].filter((file) => file === path)).filter((file) => isAt(file, path)),
  )
  const nearest = candidates.toSorted((a, b) => depthOf(a) - depthOf(b))[0]
  const fallback = candidates.filter((path) => nearest !== undefined && directoryOf(path) === directoryOf(nearest))
  const sources = [...new Set(taken.length > 0 ? taken : fallback)]
  const inventory = emptyInventory()
  for (const path of sources) readInto(inventory, path, files.get(path) ?? '')
  return { inventory, sources, others: candidates.filter((path) => !sources.includes(path)) }
}

function readInto(inventory: Inventory, file: string, text: string): void {
  if (isYaml(file, text)) readYamlInventory(inventory, file, text)
  else readIniInventory(inventory, file, text)
}

function isYaml(file: string, text: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(file) || /^(?:---|all:\s*$)/m.test(text.slice(0, 200))
}

function isAt(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`)
}

/** `inventory = a,b` of ansible.cfg, as paths in the project. */
function configured(files: Files): string[] {
  const [, value = ''] = /^\s*inventory\s*=\s*(.+)$/m.exec(files.get('ansible.cfg') ?? '') ?? []
  return value.split(',').flatMap((path) => joined('', path.trim()) ?? [])
}

function isInventory(path: string): boolean {
  if (/(?:^|\/)(?:group_vars|host_vars|roles|tasks|templates|handlers|defaults|vars|molecule)\//.test(path))
    return false
  const isNamedSo = /^(?:hosts|inventory)(?:[._-].*)?$|\.(?:inventory|hosts)$|hosts\.(?:ini|ya?ml)$/i.test(nameOf(path))
  const isInside = /(?:^|\/)inventor(?:y|ies)\//.test(path) && /^[^.]+$|\.(?:ini|ya?ml)$/.test(nameOf(path))
  return isNamedSo || isInside
}

/** Other files lie there too, such as a README without a suffix or a playbook. */
function hasHosts(path: string, text: string): boolean {
  return isYaml(path, text)
    ? /^\s*(?:hosts|children):/m.test(text) && !/^-\s/m.test(text)
    : /^\[[^\]]+\]\s*$/m.test(text)
}
