import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { BuildOptions } from './options.ts'
import { type Entry, entries, writeTree } from './tree.ts'

/** A system extension (systemd-sysext(8)) for Flatcar and others with a read-only /usr. */
export function buildSysext({ out, work, version, architecture, timeSec, node }: BuildOptions): string {
  const root = join(work, 'sysext')
  writeTree(root, sysextEntries(node, architecture.systemd), timeSec)
  const file = join(out, `lb-agent-${version}-${architecture.systemd}.raw`)
  const quiet = ['-all-root', '-noappend', '-quiet', '-no-progress', '-comp', 'zstd', '-Xcompression-level', '9']
  execFileSync('mksquashfs', [root, file, ...quiet], { env: { ...process.env, SOURCE_DATE_EPOCH: String(timeSec) } })
  return file
}

/**
 * What it holds. Any distribution: nothing in it is linked against the /usr of one release, besides glibc and libstdc++,
 * whose ABI is kept. `architecture` as systemd writes it.
 */
export function sysextEntries(node: string, architecture: string): Entry[] {
  const release = ['ID=_any', `ARCHITECTURE=${architecture}`, 'EXTENSION_RELOAD_MANAGER=1', '']
  return [
    ...entries(node),
    // The extension is merged only under this name: the file, or the link to it, is lb-agent.raw.
    { to: 'usr/lib/extension-release.d/extension-release.lb-agent', content: release.join('\n') },
    // systemd starts what is upheld also when the extension is merged into a system that runs; a .wants link would not.
    {
      to: 'usr/lib/systemd/system/multi-user.target.d/10-lb-agent.conf',
      content: '[Unit]\nUpholds=lb-agent-setup.service lb-agent.service lb-agent-drain.service\n',
    },
  ]
}
