/** The lines `Name: value` of `show info` (management.txt §9.3), which an empty line ends. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const end = text.indexOf('\n\n')
  const lines = (end < 0 ? text : text.slice(0, end)).split('\n')
  return new Map(
    lines.flatMap((line) => {
      const at = line.indexOf(': ')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 2).trim()] as const]
    }),
  )
}
