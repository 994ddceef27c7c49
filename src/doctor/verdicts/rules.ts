import * as z from 'zod'

/** Chains and rules in the words of `nft -j list ruleset` (libnftables-json(5)); those of iptables-save are put into them. */
export type Expression = Record<string, unknown>
export type Chain = z.infer<typeof chainSchema>
export type Rule = z.infer<typeof ruleSchema>
export type Rules = { chains: readonly Chain[]; rules: readonly Rule[] }

const chainSchema = z.object({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  type: z.string().optional(),
  hook: z.string().optional(),
  policy: z.string().optional(),
})
const ruleSchema = z.object({
  family: z.string(),
  table: z.string(),
  chain: z.string(),
  expr: z.array(z.record(z.string(), z.unknown())),
})
const matchSchema = z.object({ op: z.string(), left: z.unknown(), right: z.unknown() })
const documentSchema = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) })

/** Undefined where it is not what this version can read. */
export function readNftables(json: string): Rules | undefined {
  try {
    const { nftables } = documentSchema.parse(JSON.parse(json))
    return {
      chains: nftables.flatMap((entry) => ('chain' in entry ? [chainSchema.parse(entry['chain'])] : [])),
      rules: nftables.flatMap((entry) => ('rule' in entry ? [ruleSchema.parse(entry['rule'])] : [])),
    }
  } catch {
    return undefined
  }
}

export function matchOf(part: Expression): z.infer<typeof matchSchema> | undefined {
  return matchSchema.safeParse(part['match']).data
}

/** A match or a target that iptables-nft has taken from the kernel's old ones; nft 1.0.6 prints no more than its name. */
export function oldPartOf(part: Expression): string | undefined {
  return z.object({ name: z.string() }).safeParse(part['xt']).data?.name
}

/** Where a jump or a goto leads. */
export function targetOf(value: unknown): string | undefined {
  return z.object({ target: z.string() }).safeParse(value).data?.target
}

const TARGETS: Readonly<Record<string, Expression>> = {
  ACCEPT: { accept: null },
  DROP: { drop: null },
  REJECT: { reject: null },
  RETURN: { return: null },
}
const HOOKS: Readonly<Record<string, string>> = { INPUT: 'input', OUTPUT: 'output' }

/** The filter table of `iptables-legacy-save` or `ip6tables-legacy-save`. */
export function readIptables(family: 'ip' | 'ip6', text: string): Rules {
  const table = { family, table: 'filter' }
  const filter = /^\*filter$([\s\S]*?)^COMMIT$/m.exec(text)?.[1] ?? ''
  const chains: Chain[] = []
  const rules: Rule[] = []
  for (const line of filter.split('\n')) {
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? []
    const [, chain, words] = /^-A (\S+)(.*)$/.exec(line) ?? []
    const hook = HOOKS[name ?? '']
    if (name !== undefined && hook !== undefined)
      chains.push({ ...table, name, type: 'filter', hook, policy: policy?.toLowerCase() })
    if (chain !== undefined) rules.push({ ...table, chain, expr: expressionsOf(words ?? '') })
  }
  return { chains, rules }
}

/** `-p 112 -s 10.0.0.2/32 -j ACCEPT`. What has no words here is a condition of which nothing is known. */
function expressionsOf(words: string): Expression[] {
  const found = words.matchAll(/(! )?(--?[\w-]+)((?: (?!-|! -)(?:"(?:[^"\\]|\\.)*"|\S+))*)/g)
  return [...found].flatMap(([, not, option = '', rest = '']) => {
    const value = rest.trim()
    const match = (left: Expression): Expression[] => [
      { match: { op: not === undefined ? '==' : '!=', left, right: value } },
    ]
    switch (option) {
      case '-j':
      case '-g':
        return [TARGETS[value.split(' ')[0] ?? ''] ?? { jump: { target: value } }]
      case '-p':
        return match({ meta: { key: 'l4proto' } })
      case '-i':
        return match({ meta: { key: 'iifname' } })
      case '-o':
        return match({ meta: { key: 'oifname' } })
      case '--ctstate':
      case '--state':
        return match({ ct: { key: 'state' } })
      case '-m':
      case '--comment':
      case '--reject-with':
        return []
      default:
        return match({ option })
    }
  })
}
