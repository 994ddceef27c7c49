import type { RuleId } from '../../../src/spec/rule-ids.ts'
import type { Edit, Edits } from '../edited-pair.ts'

/** `haproxy`: edits of the haproxy.cfg, which is there only then. `scripts`: texts beside keepalived.conf. */
export type Files = Edits & { haproxy?: readonly Edit[]; scripts?: ReadonlyMap<string, string> }
/** Edits of the pair with which a rule is found, what it then says, and edits that are almost that. */
export type RuleCase = { observed: string; rule: RuleId; found: Files; says: readonly string[]; near: Files }

// What several cases begin with.
export const WEIGHT = (weight: number): Edit => ['  interval 1', `  interval 1\n  weight ${weight}`]
export const BY_MULTICAST: readonly Edit[] = [
  ['  unicast_src_ip', '  mcast_src_ip'],
  ['  unicast_peer {\n    10.0.0.', '#'],
  ['\n  }\n  virtual_ipaddress {', '\n  virtual_ipaddress {'],
]
export const V2: readonly Edit[] = [
  ['  version 3', '  version 2'],
  ['  advert_int 0.1', '  advert_int 1'],
]
export const AUTH = (password: string): Edit => [
  '  virtual_ipaddress {',
  `  authentication {\n    auth_type PASS\n    auth_pass ${password}\n  }\n  virtual_ipaddress {`,
]
export const SCRIPT = 'script "/usr/bin/curl -fsm1 http://127.0.0.1:6443/healthz"'
