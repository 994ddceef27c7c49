import { familyOf } from '../spec/address.ts'

/** A rule as nft reads it, without table and chain. `version`: the IP version that it is about; undefined: either. */
export type Rule = { version?: 4 | 6; text: string }

/** Rules that belong together, and a comment above them, in lines. Without any rule it is left out. */
export type Section = { about: readonly string[]; rules: readonly Rule[] }

/** Rules that say `rest` of these source or destination addresses: one for each IP version among them. */
export function rulesFor(field: 'saddr' | 'daddr', addresses: readonly string[], rest: string): Rule[] {
  return ([4, 6] as const).flatMap((version): Rule[] => {
    const of = [...new Set(addresses.filter((address) => familyOf(address) === version))]
    if (of.length === 0) return []
    const set = of.length === 1 ? of.join() : `{ ${of.join(', ')} }`
    return [{ version, text: `${version === 4 ? 'ip' : 'ip6'} ${field} ${set} ${rest}` }]
  })
}
