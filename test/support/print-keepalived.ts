import type { Node } from './keepalived-file.ts'
import type { Random } from './random.ts'

/** The statements as somebody may have written them: braces here or there, comments, `@id`, parameters, line ends of Windows. */
export function printKeepalived(file: readonly Node[], random: Random): string {
  const style = {
    isBraceBelow: random.below(4) === 0,
    indent: random.pick(['    ', '  ', '\t', '']),
    isTouching: random.below(6) === 0,
  }
  const parameter = random.below(3) === 0 ? parameterFor(file, random) : undefined
  const out: string[] = parameter === undefined ? [] : [`$${parameter.name}=${parameter.value}`]
  const print = (nodes: readonly Node[], depth: number): void => {
    for (const { line, block } of nodes) {
      if (random.below(12) === 0)
        out.push(random.pick(['', '# a comment { with "marks"', '! another }', '@nobody priority none']))
      const indent = style.indent.repeat(depth)
      const text = parameter === undefined ? line : parameter.put(line)
      const own = random.below(12) === 0 ? `@lb1 ${text}` : random.below(12) === 0 ? `@^lb2 ${text}` : text
      const end = random.below(10) === 0 ? random.pick([' # why', '\t! why', ' ']) : ''
      if (block === undefined) out.push(indent + own + end)
      else {
        if (style.isBraceBelow) out.push(indent + own + end, `${indent}{`)
        else out.push(`${indent}${own}${style.isTouching ? '{' : ' {'}${end}`)
        print(block, depth + 1)
        out.push(`${indent}}`)
      }
    }
  }
  print(file, 0)
  const text = `${out.join('\n')}\n`
  return random.below(8) === 0 ? text.replaceAll('\n', '\r\n') : text
}

/** Puts a parameter in place of a word that the file has. */
function parameterFor(file: readonly Node[], random: Random) {
  const value = random.pick(['eth0', 'eth1', '10.0.0', 'MASTER', '1'])
  if (!JSON.stringify(file).includes(value)) return undefined
  const reference = `\${P_1}`
  const isWhole = new RegExp(`(?<= )${value.replaceAll('.', '\\.')}(?= |$)`)
  const isBegin = value === '10.0.0' ? /^10\.0\.0(?=\.)/ : isWhole
  return { name: 'P_1', value, put: (line: string): string => line.replace(isBegin, reference) }
}
