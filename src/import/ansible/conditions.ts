import { evaluate, type Variables } from './render-template.ts'

/** Facts that only a host itself can tell. */
const OF_HOSTS = /ansible_facts(?:\.|\[)\W*(?!default_ipv4|hostname|fqdn|nodename)\w+/
const WORDS = new Set(
  'and or not in is if else true false True False none None defined undefined match search version int bool string lower upper default length list'.split(
    ' ',
  ),
)

/**
 * Whether a `when` holds for a host. One that asks for something that only a run of Ansible knows is taken to hold: what it guards
 * (a distribution, a changed file) does not say what the pair does.
 */
export function holds(condition: string, variables: Variables): boolean {
  if (asksForUnknown(condition, variables)) return true
  const value = evaluate(condition.replace(/^\s*\{\{([\s\S]*)\}\}\s*$/, '$1'), variables)
  return value === undefined
    ? /\bnot\b/.test(condition)
    : value !== false && value !== '' && value !== 'False' && value !== 'false'
}

function asksForUnknown(condition: string, variables: Variables): boolean {
  if (OF_HOSTS.test(condition)) return true
  if (/\bdefined\b|\bdefault\s*\(/.test(condition)) return false
  const code = condition.replaceAll(/"[^"]*"|'[^']*'/g, '')
  const names = [...code.matchAll(/(?<![\w.|]\s*)(?<!\|\s*)[A-Za-z_]\w*/g)].map(([name]) => name)
  return names.some((name) => !WORDS.has(name) && !Object.hasOwn(variables, name))
}
