import { RULE_TEXTS, severities } from '../rules/rule-texts.ts'
import { didYouMean } from '../spec/nearest.ts'
import { RULE_IDS, RULES, type RuleId } from '../spec/rule-ids.ts'
import { table } from './print.ts'
import { refuse } from './refuse.ts'

const ACCEPT = `
An error stops a revision: the agents reject it, and go on with what they have. What is meant so is accepted in lb.yaml,
with the reason:

  accept:
    VIP-SUBNET: br0 bridges both networks

lb-agent rules NAME says why a rule is one, and what to do.`

/** The rules of `prove` and `validate`: what they find; of one, why it matters and what to do. */
export function rules(name: string | undefined, options: { json?: boolean }): number {
  if (name !== undefined && !isRule(name)) {
    return refuse(`${name} is no rule; lb-agent rules lists them${didYouMean(name, RULE_IDS)}`, options)
  }
  const all = (name === undefined ? RULE_IDS : [name]).map((id) => ({ id, finds: RULES[id], ...RULE_TEXTS[id] }))
  if (options.json === true) console.log(JSON.stringify({ rules: all }, undefined, 2))
  else if (name === undefined) {
    console.log(table([['rule', 'severity', 'finds'], ...all.map((rule) => [rule.id, severities(rule), rule.finds])]))
    console.log(ACCEPT)
  } else
    for (const rule of all) {
      const { id, over, finds, why, fix, example } = rule
      console.log(`${id} (${severities(rule)}, over ${over}): ${finds}\n  ${why}\n  → ${fix}`)
      if (example !== undefined) console.log(`\n${example.trimEnd()}`)
    }
  return 0
}

function isRule(name: string): name is RuleId {
  return Object.hasOwn(RULES, name)
}
