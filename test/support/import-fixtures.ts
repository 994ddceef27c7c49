import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Imported, importDirectory } from '../../src/import/import-directory.ts'

/** Clusters as people have them: in each directory `project`, and `expected-lb.yaml`. */
export const IMPORT_FIXTURES = join(import.meta.dirname, '../fixtures/import')

export function importFixtures(): string[] {
  return readdirSync(IMPORT_FIXTURES)
}

export function importFixture(name: string): Extract<Imported, { kind: 'imported' }> {
  const imported = importDirectory(join(IMPORT_FIXTURES, name, 'project'), { cluster: name })
  if (imported.kind !== 'imported') throw new Error(`${name}: ${JSON.stringify(imported)}`)
  return imported
}

/** A keepalived.conf with one instance, and the haproxy.cfg beside it. */
export function keepalivedWith(lines: string, addresses = '10.0.0.10'): string {
  return `vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 60\n ${lines}\n virtual_ipaddress {\n  ${addresses}\n }\n}\n`
}

export const HAPROXY = `defaults
 mode tcp
 timeout connect 2s
 timeout client 60s
 timeout server 60s
 timeout tunnel 1h
listen web
 bind 10.0.0.10:80
 server w1 10.0.1.1:80 check
`
