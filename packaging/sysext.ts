import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { BuildOptions } from './options.ts'
import { entries, writeTree } from './tree.ts'

/**
 * A system extension (systemd-sysext(8)) for Flatcar and others with a read-only /usr. Any distribution: nothing in it is
 * linked against the /usr of one release, besides glibc and libstdc++, whose ABI is kept.
 */
export function buildSysext({ out, work, version, architecture, timeSec, node }: BuildOptions): string {
  const root = join(work, 'sysext')
  const release = ['ID=_any', `ARCHITECTURE=${architecture.systemd}`, 'EXTENSION_RELOAD_MANAGER=1', '']
  writeTree(
    root,
    [
      ...entries(node),
      { to: 'usr/lib/extension-release.d/extension-release.lb-agent', content: release.join('\n') },
      // systemd starts what is upheld also when the extension is merged into a system that runs; a .wants link would not.
      {
        to: 'usr/lib/systemd/system/multi-user.target.d/10-lb-agent.conf',
        content: '[Unit]\nUpholds=lb-agent-setup.service lb-agent.service lb-agent-drain.service\n',
      },
    ],
    timeSec,
  )
  const file = join(out, `lb-agent-${version}-${architecture.systemd}.raw`)
  const quiet = ['-all-root', '-noappend', '-quiet', '-no-progress', '-comp', 'zstd', '-Xcompression-level', '9']
  execFileSync('mksquashfs', [root, file, ...quiet], { env: { ...process.env, SOURCE_DATE_EPOCH: String(timeSec) } })
  return file
}
