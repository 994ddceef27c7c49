import { execFileSync } from 'node:child_process'
import { packageFile } from './booted-cluster.ts'

/** The files of the built system extension as a directory, which systemd merges as well as the image. */
export function unpackExtension(to: string): void {
  execFileSync('unsquashfs', ['-no-progress', '-quiet', '-d', to, packageFile(/\.raw$/)], { stdio: 'ignore' })
}
