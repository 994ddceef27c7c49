import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { packageFile } from './booted-cluster.ts'

/** The files of the built system extension as a directory, which systemd merges as well as the image. */
export function unpackExtension(to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  execFileSync('unsquashfs', ['-no-progress', '-quiet', '-d', to, packageFile(/\.raw$/)], { stdio: 'ignore' })
}
