import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildOptions } from './options.ts'

/** Which packages are inside, in CycloneDX, as npm knows them; without what would differ each time. */
export function buildSbom({ out, version, timeSec }: BuildOptions): string {
  const options = ['sbom', '--sbom-format=cyclonedx', '--omit=dev', '--package-lock-only']
  const sbom = JSON.parse(execFileSync('npm', options, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }))
  delete sbom.serialNumber
  // npm names what it describes after the directory that it stands in.
  sbom.metadata.component.name = (JSON.parse(readFileSync('package.json', 'utf8')) as { name: string }).name
  sbom.metadata.timestamp = new Date(timeSec * 1000).toISOString()
  const file = join(out, `lb-agent-${version}.cdx.json`)
  writeFileSync(file, `${JSON.stringify(sbom, undefined, 2)}\n`)
  return file
}
