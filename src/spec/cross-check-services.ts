import { type Finding, wrongValue } from './finding.ts'
import { didYouMean } from './nearest.ts'
import type { Outline, ServiceOutline } from './outline.ts'
import { PROFILES } from './profiles.ts'
import { listed } from './shown.ts'
import { formatPath } from './yaml-path.ts'

/** What a service names exists, its port is free on its VIP, and its check has only keys that its type uses. */
export function checkService(service: ServiceOutline, before: readonly ServiceOutline[], outline: Outline): Finding[] {
  return [
    ...checkReference(service.name, 'vip', service.vip, outline.vips),
    ...checkPort(service, before),
    ...checkReference(service.name, 'pool', service.pool, outline.pools),
    ...checkOfType(service),
  ]
}

function checkReference(
  service: string,
  key: 'vip' | 'pool',
  target: string | undefined,
  targets: readonly { name: string }[] | undefined,
): Finding[] {
  const known = targets?.map(({ name }) => name)
  if (target === undefined || !known || known.includes(target)) return []
  const what = key === 'vip' ? 'VIPs' : 'pools'
  const why =
    known.length === 0 ? `there are no ${what}` : `the ${what} are ${listed(known)}${didYouMean(target, known)}`
  return [wrongValue(['services', service, key], target, why)]
}

function checkPort({ name, vip, port }: ServiceOutline, before: readonly ServiceOutline[]): Finding[] {
  if (vip === undefined || port === undefined) return []
  const owner = before.find((other) => other.vip === vip && other.port === port)
  return owner
    ? [wrongValue(['services', name, 'port'], port, `service ${owner.name} has this port of VIP ${vip} already`)]
    : []
}

function checkOfType({ name, profile, check }: ServiceOutline): Finding[] {
  if (!profile || !check) return []
  const type = check.type ?? PROFILES[profile].check.type
  if (type === 'tcp')
    return (['path', 'host', 'expect', 'unauthorized'] as const).filter((key) => check[key] !== undefined).map(unused)
  const contradicts = check.unauthorized === 'down' && [check.expect ?? []].flat().includes(401)
  const path = ['services', name, 'check', 'unauthorized']
  return contradicts ? [wrongValue(path, 'down', 'expect has 401; remove one of the two')] : []

  function unused(key: string): Finding {
    const path = ['services', name, 'check', key]
    return {
      path,
      spot: 'key',
      message: `${formatPath(path)} has no use in a check of type tcp; set type to http or https`,
    }
  }
}
