import { readFileSync } from 'node:fs'
import { exec } from '../exec.ts'
import type { Check } from './check.ts'
import { usesFamily } from './examined.ts'
import { hidepidVerdict, nonlocalBindVerdict, rpFilterVerdict, selinuxVerdict } from './verdicts/kernel.ts'
import type { Verdict } from './verdicts/verdict.ts'

export const KERNEL_CHECKS: readonly Check[] = [
  {
    family: 'kernel',
    name: 'ip_nonlocal_bind',
    look: async ({ desired }) => {
      const v4 = nonlocalBindVerdict('ipv4', sysctl('net/ipv4/ip_nonlocal_bind'), usesFamily(desired, 4))
      const v6 = nonlocalBindVerdict('ipv6', sysctl('net/ipv6/ip_nonlocal_bind'), usesFamily(desired, 6))
      return { 'ip_nonlocal_bind (IPv4)': v4, 'ip_nonlocal_bind (IPv6)': v6 }
    },
  },
  {
    family: 'kernel',
    name: 'rp_filter',
    look: async ({ desired }, signal) => {
      if (desired.kind === 'unknown') return {}
      const { node, spec } = desired
      const peers = spec.nodes.filter(({ name, address }) => name !== node.name && !address.includes(':'))
      if (peers.length === 0) return {}
      const ways = await Promise.all(
        peers.map(async ({ name, address }) => ({ node: name, device: await deviceTo(address, signal) })),
      )
      // The kernel takes the stricter of both (ip-sysctl.rst: "the max value").
      const values = ['all', node.interface].map((link) => Number(sysctl(`net/ipv4/conf/${link}/rp_filter`) ?? 0))
      return { rp_filter: rpFilterVerdict({ interface: node.interface, value: Math.max(...values) }, ways) }
    },
  },
  {
    family: 'kernel',
    name: 'SELinux',
    look: async () => ({
      SELinux: selinuxVerdict({ enforcing: selinux('enforce'), connectsAny: selinux('booleans/haproxy_connect_any') }),
    }),
  },
  {
    family: 'kernel',
    name: 'hidepid',
    look: async ({ agent }, signal): Promise<Record<string, Verdict>> =>
      agent.user === undefined ? {} : { hidepid: hidepidVerdict(agent.user.name, await seesOthers(agent.as, signal)) },
  },
]

/** Process 1 is root's, or in a container without a user of its own the agent's. `as`: words before a command. */
async function seesOthers(as: readonly string[] | undefined, signal: AbortSignal): Promise<boolean | undefined> {
  if (as === undefined) return undefined
  const [file = 'test', ...words] = [...as, 'test', '-r', '/proc/1/stat']
  const said = await exec(file, words, { timeoutMs: 2_000, signal })
  return said.kind === 'exited' && said.code < 2 ? said.code === 0 : undefined
}

/** selinuxfs: `enforce` is 0 or 1; a boolean has its value now and the pending one. */
function selinux(path: string): boolean | undefined {
  const value = readWord(`/sys/fs/selinux/${path}`)
  return value === undefined ? undefined : value.startsWith('1')
}

async function deviceTo(address: string, signal: AbortSignal): Promise<string | undefined> {
  const said = await exec('ip', ['-o', 'route', 'get', address], { timeoutMs: 2_000, signal })
  return / dev (\S+)/.exec(said.stdout.toString('utf8'))?.[1]
}

function sysctl(path: string): string | undefined {
  return readWord(`/proc/sys/${path}`)
}

function readWord(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
