import assert from 'node:assert/strict'

/** A host that drops what it does not name, in both directions. */
export const STRICT = `table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state established,related accept
    }
    chain output {
        type filter hook output priority filter; policy drop;
        oif "lo" accept
        ct state established,related accept
    }
}
`

/** How a printed file says that it is loaded and undone, as commands of bash, with the file that it is in. */
export function commandsOf(text: string, file: string): { load: string; undo: string } {
  const comment = text
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .map((line) => line.slice(1).replaceAll('/etc/nftables.d/lb-agent.nft', file))
  const from = comment.findIndex((line) => line.trim() === 'old() {')
  const old = from === -1 ? [] : comment.slice(from, comment.findIndex((line) => line.trim() === '}') + 1)
  // What stands behind four blanks explains the command.
  const command = (name: string): string => {
    const line = comment.find((one) => one.startsWith(` ${name} `))
    assert.ok(line !== undefined, text)
    return [
      ...old,
      line
        .slice(name.length + 1)
        .trim()
        .split('    ')[0],
    ].join('\n')
  }
  return { load: command('load'), undo: command('undo') }
}
