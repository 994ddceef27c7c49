import { readdirSync, readFileSync } from 'node:fs'

export const DEFAULT_MIRROR = 'http://deb.debian.org/debian'

const NAMES = /^(?:bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)$/

/** Where this machine's apt gets Debian itself from; undefined on a machine that is none. */
export function debianMirror(): string | undefined {
  const texts = [
    textOf('/etc/apt/sources.list', mirrorOfList),
    ...filesOf('/etc/apt/sources.list.d', '.list').map((file) => textOf(file, mirrorOfList)),
    ...filesOf('/etc/apt/sources.list.d', '.sources').map((file) => textOf(file, mirrorOfSources)),
  ]
  return texts.find((mirror) => mirror !== undefined)
}

/** Of a file in one-line style, sources.list(5): `deb [ option=value ] uri suite component…`. */
export function mirrorOfList(text: string): string | undefined {
  const entries = text.split('\n').map((line) => {
    const [type, uri = '', suite = '', ...components] = line
      .replace(/#.*/, '')
      .replace(/\[[^\]]*\]/, ' ')
      .trim()
      .split(/\s+/)
    return { types: [type ?? ''], uris: [uri], suites: [suite], components }
  })
  return mirrorOf(entries)
}

/** Of a file in deb822 style: stanzas of fields, whose lists may go on in the next line. */
export function mirrorOfSources(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const entries = lines
    .join('\n')
    .split(/\n\s*\n/)
    .map((stanza) => {
      const field = (name: string): string[] => {
        const value = new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1] ?? ''
        return value.split(/\s+/).filter(Boolean)
      }
      const types = /^(?:no|false|0)$/i.test(field('Enabled')[0] ?? '') ? [] : field('Types')
      return { types, uris: field('URIs'), suites: field('Suites'), components: field('Components') }
    })
  return mirrorOf(entries)
}

type Entry = { types: string[]; uris: string[]; suites: string[]; components: string[] }

/** Others have suites of the same names; their archives are not called debian. */
function mirrorOf(entries: readonly Entry[]): string | undefined {
  const debian = entries.filter(
    ({ types, suites, components }) =>
      types.includes('deb') && suites.some((suite) => NAMES.test(suite)) && components.includes('main'),
  )
  return debian.flatMap(({ uris }) => uris).find((uri) => /^https?:\/\/.*\/debian\/?$/.test(uri))
}

function textOf(file: string, mirrorIn: (text: string) => string | undefined): string | undefined {
  try {
    return mirrorIn(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function filesOf(directory: string, suffix: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(suffix))
      .map((name) => `${directory}/${name}`)
  } catch {
    return []
  }
}
