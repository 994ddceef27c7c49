import { type MendStep, SYSCTL_FILE, sysctlName } from './mend.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** `value`: of the key, undefined where the kernel has none. `used`: lb.yaml has a VIP of that family. */
export function nonlocalBindVerdict(family: 'ipv4' | 'ipv6', value: string | undefined, used: boolean): Verdict {
  const key = `net.${family}.ip_nonlocal_bind`
  const vips = family === 'ipv4' ? 'IPv4' : 'IPv6'
  if (value === '1') return ok(`${key} is 1: HAProxy may listen on VIPs that another node holds.`)
  if (!used) return ok(`${key} is not needed: lb.yaml has no ${vips} VIP.`)
  if (value === undefined) return problem(`The kernel has no ${key}: it runs without ${vips}.`, `enable ${vips}`)
  return problem(
    `${key} is ${value}: HAProxy cannot listen on a VIP that another node holds, and fails when it is started there.`,
    ...setSysctl(`net/${family}/ip_nonlocal_bind`, '1'),
  )
}

/** `ways`: through which interface a packet to each other node leaves. rp_filter: ip-sysctl.rst; 1 is strict, 2 is loose. */
export function rpFilterVerdict(
  found: { interface: string; value: number },
  ways: readonly { node: string; device: string | undefined }[],
): Verdict {
  const { interface: link, value } = found
  if (value !== 1) return ok(`rp_filter is ${value} on ${link}: adverts are not judged by their way back.`)
  const unknown = ways.filter(({ device }) => device === undefined).map(({ node }) => node)
  const other = ways.find(({ device }) => device !== undefined && device !== link)
  if (other !== undefined)
    return problem(
      `rp_filter is strict (1) on ${link}, and the way to ${other.node} leaves through ${other.device}: the kernel drops its adverts.`,
      ...setSysctl(`net/ipv4/conf/${link}/rp_filter`, '2'),
    )
  if (unknown.length > 0)
    return cannotTell(`rp_filter is strict (1) on ${link}, and there is no route to ${unknown.join(', ')}.`)
  return ok(`rp_filter is strict (1) on ${link}, and the other nodes are reached through it.`)
}

/** `enforcing`: undefined without SELinux. `connectsAny`: its boolean haproxy_connect_any, where the policy has one. */
export type Selinux = { enforcing: boolean | undefined; connectsAny: boolean | undefined }

const DENIALS = 'ausearch -m avc -ts today -c haproxy -c keepalived'

export function selinuxVerdict({ enforcing, connectsAny }: Selinux): Verdict {
  if (enforcing === undefined) return ok('The kernel runs without SELinux.')
  if (!enforcing) return ok('SELinux is permissive: it forbids nothing.')
  // "you must ensure that the HAProxy service can bind to the configured TCP port" by it (OpenShift, user-provisioned load balancers).
  if (connectsAny === false)
    return problem(
      'SELinux is enforcing, and its boolean haproxy_connect_any is off: HAProxy may neither bind nor reach ports that its policy does not name, such as 6443.',
      `setsebool -P haproxy_connect_any 1; what is denied: ${DENIALS}`,
    )
  return cannotTell(
    connectsAny === true
      ? 'SELinux is enforcing. HAProxy may use all ports (haproxy_connect_any); whether keepalived may run lb-agent check is not known.'
      : 'SELinux is enforcing, with a policy that has no boolean haproxy_connect_any: what it denies to HAProxy and keepalived is not known.',
    `${DENIALS}; nothing there since the last release: well`,
  )
}

/** `sees`: whether the agent's user may look at process 1; undefined where that was not asked. */
export function hidepidVerdict(user: string, sees: boolean | undefined): Verdict {
  if (sees === undefined)
    return cannotTell(`Whether ${user} sees the processes of others in /proc was not asked.`, AS_ROOT)
  if (sees) return ok(`${user} sees the processes of others in /proc.`)
  return problem(
    `/proc hides the processes of others from ${user} (hidepid): the agent cannot see whether keepalived runs or hangs, nor that HAProxy has been started again.`,
    'mount -o remount,hidepid=0 /proc, and the same in /etc/fstab',
  )
}

/** For a person to type, and for `doctor --fix` to do. `key`: as /proc/sys has it. */
function setSysctl(key: string, value: string): [fix: string, mend: MendStep[]] {
  const fix = `echo '${sysctlName(key)} = ${value}' >> ${SYSCTL_FILE} && sysctl -p ${SYSCTL_FILE}`
  return [fix, [{ kind: 'sysctl', key, value }]]
}
