import type { Booted } from './booted.ts'
import { putFile } from './booted-cluster.ts'
import { VIP } from './cluster.ts'
import { keepalivedByHand } from './hand-keepalived.ts'

/** The files of a pair as people write them by hand: VRRPv2, an advert each second, a script that looks for a process. */
export function handFiles(node: string): { haproxy: string; keepalived: string } {
  return { haproxy: HAPROXY, keepalived: keepalived(node) }
}

/** Puts them on a machine, and starts both daemons with them. */
export async function runByHand(machine: Booted, node: string): Promise<void> {
  const files = handFiles(node)
  putFile(machine, '/etc/haproxy/haproxy.cfg', { text: files.haproxy })
  putFile(machine, '/etc/keepalived/keepalived.conf', { text: files.keepalived })
  await machine.run('systemctl', 'restart', 'haproxy', 'keepalived')
}

const HAPROXY = `global
    user haproxy
    group haproxy
defaults
    mode tcp
    timeout connect 2s
    timeout client 60s
    timeout server 60s
frontend web
    bind *:80
    default_backend web
backend web
    server a 10.9.1.1:80 check
    server b 10.9.1.2:80 check
`

function keepalived(node: string): string {
  const script = '/usr/bin/pkill -0 -x haproxy'
  const text = keepalivedByHand({ node, first: node === 'one', virtualRouterId: 7, vip: VIP, script, weight: -20 })
  return `! of ${node}\n${text}`
}
