import { addHost, groupOf, type Inventory } from './inventory.ts'
import { loadYaml, mapping } from './load-yaml.ts'

const DEEPEST = 20

/** Ansible's YAML: groups with `hosts`, `vars` and `children`, which are groups again. */
export function readYamlInventory(inventory: Inventory, file: string, text: string): void {
  const { value, problems } = loadYaml(file, text)
  inventory.problems.push(...problems)
  const readGroup = (name: string, body: unknown, depth: number): void => {
    const { hosts, vars, children } = mapping(body)
    Object.assign(groupOf(inventory, name).variables, mapping(vars))
    for (const [host, variables] of Object.entries(mapping(hosts))) addHost(inventory, name, host, mapping(variables))
    for (const [child, inside] of Object.entries(mapping(children))) {
      groupOf(inventory, name).children.push(child)
      if (depth < DEEPEST) readGroup(child, inside, depth + 1)
    }
  }
  for (const [name, body] of Object.entries(mapping(value))) readGroup(name, body, 0)
}
