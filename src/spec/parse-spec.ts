import type { output } from 'zod'
import { crossReferences } from './cross-references.ts'
import { type Places, parseFile } from './parse-file.ts'
import type { Problem } from './problem.ts'
import { toService } from './profiles.ts'
import { RULE_IDS } from './rule-ids.ts'
import type { Pool, Spec, Vip } from './spec.ts'
import { specSchema } from './spec-schema.ts'

type Written = output<typeof specSchema>

/**
 * Reads lb.yaml. The spec has every default filled in and every reference resolved; otherwise all problems of the file come
 * at once, in its order. A file with a YAML syntax error reports the syntax alone. `file` is the name that problems carry.
 */
export function parseSpec(
  text: string,
  file: string,
): { kind: 'spec'; spec: Spec; places: Places } | { kind: 'problems'; problems: Problem[] } {
  const parsed = parseFile({ text, file, schema: specSchema, crossCheck: crossReferences })
  return parsed.kind === 'value' ? { kind: 'spec', spec: toSpec(parsed.value), places: parsed.places } : parsed
}

function toSpec(written: Written): Spec {
  const { version, cluster, nodes, vrrp, vips, pools, services, haproxy, accept } = written
  return {
    version,
    cluster,
    nodes: Object.entries(nodes).map(([name, node]) => ({ name, ...node })),
    vrrp: {
      transport: vrrp.transport,
      advertIntervalMs: vrrp.advertInterval,
      failbackMs: vrrp.failback === 'manual' ? 'manual' : vrrp.failback.after,
      dampingMs: vrrp.damping,
    },
    vips: Object.entries(vips).map(([name, vip]) => toVip(name, vip)),
    pools: Object.entries(pools).map(([name, pool]) => toPool(name, pool)),
    services: Object.entries(services).map(([name, service]) => toService(name, service)),
    haproxy: {
      maxConnections: haproxy.maxConnections,
      log: haproxy.log,
      hardStopAfterMs: haproxy.hardStopAfter,
      healthPort: haproxy.healthPort,
    },
    accept: RULE_IDS.flatMap((rule) => {
      const reason = accept[rule]
      return reason === undefined ? [] : [{ rule, reason }]
    }),
  }
}

function toVip(name: string, { address, ...rest }: Written['vips'][string]): Vip {
  return { name, ...address, ...rest }
}

function toPool(name: string, pool: Written['pools'][string]): Pool {
  const servers = Object.entries(pool).map(([name, written]) => {
    const server = typeof written === 'string' ? { address: written, weight: 1, backup: false } : written
    return { name, address: server.address, port: server.port, weight: server.weight, backup: server.backup }
  })
  return { name, servers }
}
