/** One section of an haproxy.cfg: the words of its head and of each directive. */
export type Section = { head: readonly string[]; directives: readonly (readonly string[])[] }

/** The words of a line of keepalived.conf with what stands in its braces; undefined without braces. */
export type Block = { words: readonly string[]; inside: readonly Block[] | undefined }

const SECTIONS = ['global', 'defaults', 'frontend', 'backend', 'listen', 'peers', 'resolvers', 'userlist', 'program']

/** Reads without our templates' knowledge. Throws for quotes, variables and escapes, of which our files have none. */
export function readHaproxy(text: string): Section[] {
  const sections: { head: readonly string[]; directives: (readonly string[])[] }[] = []
  let conditions = 0
  for (const words of linesOf(text, /#.*/)) {
    const [first = ''] = words
    if (/["'\\$]/.test(words.join(' ')))
      throw new Error(`haproxy.cfg has a quote, variable or escape: ${words.join(' ')}`)
    if (first === '.if') conditions += 1
    if (first === '.endif') conditions -= 1
    if (SECTIONS.includes(first)) sections.push({ head: words, directives: [] })
    else if (sections.length === 0)
      throw new Error(`haproxy.cfg has a directive before any section: ${words.join(' ')}`)
    else sections.at(-1)?.directives.push(words)
  }
  if (conditions !== 0) throw new Error('haproxy.cfg has an .if without .endif')
  return sections
}

/** Reads without our templates' knowledge. Throws unless every brace ends its line and is closed on a line of its own. */
export function readKeepalived(text: string): readonly Block[] {
  const top: Block[] = []
  const open: Block[][] = [top]
  for (const words of linesOf(text, /[#!].*/)) {
    const blocks = open.at(-1)
    if (blocks === undefined) throw new Error(`keepalived.conf closes a block that is not open: ${words.join(' ')}`)
    const opens = words.at(-1) === '{'
    const said = opens ? words.slice(0, -1) : words
    if (words.join(' ') === '}') open.pop()
    else if (/[{}@$~]/.test(said.join(' ')))
      throw new Error(`keepalived.conf has a stray character: ${words.join(' ')}`)
    else if (opens) {
      const inside: Block[] = []
      blocks.push({ words: said, inside })
      open.push(inside)
    } else blocks.push({ words: said, inside: undefined })
  }
  if (open.length !== 1) throw new Error(`keepalived.conf leaves ${open.length - 1} blocks open`)
  return top
}

/** The words of each line that has any, without comments. */
function linesOf(text: string, comment: RegExp): string[][] {
  if (!/^[\n -~]*\n$/.test(text)) throw new Error('the file has a character that is not printable ASCII')
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(comment, '')
        .split(' ')
        .filter((word) => word !== ''),
    )
    .filter((words) => words.length > 0)
}
