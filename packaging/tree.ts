import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** One file of a package: from this checkout, from `content`, or a symbolic link. */
export type Entry = { to: string } & (
  | { from: string; mode?: number }
  | { content: string; mode?: number }
  | { link: string }
)

const UNITS = 'usr/lib/systemd/system'

/** What every package holds. Never below /usr/sbin or /opt: a sysext would hide what is there (Flatcar). */
export function entries(node: string): Entry[] {
  return [
    { from: 'dist/lb-agent', to: 'usr/lib/lb-agent/lb-agent', mode: 0o755 },
    { from: 'dist/lb-agent.mjs', to: 'usr/lib/lb-agent/lb-agent.mjs' },
    { from: node, to: 'usr/lib/lb-agent/node', mode: 0o755 },
    { to: 'usr/bin/lb-agent', link: '../lib/lb-agent/lb-agent' },
    ...['lb-agent.service', 'lb-agent-embedded.service', 'lb-agent-drain.service', 'lb-agent-setup.service'].map(
      (unit) => ({ from: `systemd/${unit}`, to: `${UNITS}/${unit}` }),
    ),
    ...['haproxy', 'keepalived'].map((daemon) => ({
      from: `systemd/${daemon}.service.d/lb-agent.conf`,
      to: `${UNITS}/${daemon}.service.d/lb-agent.conf`,
    })),
    { from: 'systemd/sysusers.d/lb-agent.conf', to: 'usr/lib/sysusers.d/lb-agent.conf' },
    { from: 'systemd/tmpfiles.d/lb-agent.conf', to: 'usr/lib/tmpfiles.d/lb-agent.conf' },
    { from: 'systemd/sysctl.d/60-lb-agent.conf', to: 'usr/lib/sysctl.d/60-lb-agent.conf' },
    { from: 'systemd/networkd.conf.d/60-lb-agent.conf', to: 'usr/lib/systemd/networkd.conf.d/60-lb-agent.conf' },
    { from: 'systemd/polkit/50-lb-agent.rules', to: 'usr/share/polkit-1/rules.d/50-lb-agent.rules' },
    { from: 'README.md', to: 'usr/share/doc/lb-agent/README.md' },
    { from: 'LICENSE', to: 'usr/share/doc/lb-agent/copyright' },
    { from: 'packaging/agent.yaml', to: 'usr/share/doc/lb-agent/agent.yaml' },
  ]
}

/** Puts the files below `root`, all with the same time, so that the same commit gives the same bytes. */
export function writeTree(root: string, files: readonly Entry[], timeSec: number): void {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true, mode: 0o755 })
  for (const entry of files) {
    const path = join(root, entry.to)
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    if ('link' in entry) symlinkSync(entry.link, path)
    else {
      if ('from' in entry) copyFileSync(entry.from, path)
      else writeFileSync(path, entry.content)
      chmodSync(path, entry.mode ?? 0o644)
    }
  }
  setTimes(root, timeSec)
}

/** The Node of this machine's npm package without its symbols: 18 MB less, and what runs is the same. */
export function strippedNode(from: string, to: string): string {
  mkdirSync(dirname(to), { recursive: true })
  execFileSync('strip', ['--strip-unneeded', '-o', to, from])
  chmodSync(to, 0o755)
  return to
}

function setTimes(path: string, timeSec: number): void {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return
  if (found.isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), timeSec)
  utimesSync(path, timeSec, timeSec)
}
