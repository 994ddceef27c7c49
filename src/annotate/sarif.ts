import type { Position } from '../spec/problem.ts'
import type { Annotation } from './annotation.ts'

export type Tool = { version: string; rules: Readonly<Record<string, string>> }

/**
 * SARIF 2.1.0 (OASIS), as GitHub's code scanning, GitLab and Jenkins' warnings-ng read it. `rules` describes the ids; those that
 * were found are listed. Paths are relative to where the program was started.
 */
export function formatSarif(annotations: readonly Annotation[], { version, rules }: Tool): string {
  const ids = [...new Set(annotations.map(({ rule }) => rule))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'lb-agent',
            version,
            rules: ids.map((id) => ({ id, shortDescription: { text: rules[id] ?? id } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: annotations.map((found) => ({
          ruleId: found.rule,
          ruleIndex: ids.indexOf(found.rule),
          level: found.severity,
          message: { text: found.message },
          locations: [locationOf(found.at)],
          ...(found.related.length === 0
            ? {}
            : { relatedLocations: found.related.map((at, index) => ({ id: index + 1, ...locationOf(at) })) }),
        })),
      },
    ],
  }
  return JSON.stringify(log, undefined, 2)
}

function locationOf({ file, line, col }: Position): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      ...(line === 0 ? {} : { region: { startLine: line, ...(col === 0 ? {} : { startColumn: col }) } }),
    },
  }
}

/** encodeURI takes # and ? for parts of a URI; in the name of a file they are not. */
function uriOf(file: string): string {
  return encodeURI(file).replaceAll('#', '%23').replaceAll('?', '%3F')
}
