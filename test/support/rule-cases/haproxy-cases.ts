import type { RuleCase } from './rule-case.ts'

/** What haproxy.cfg says. */
export const HAPROXY_CASES: readonly RuleCase[] = [
  {
    observed: 'short timeouts before a Kubernetes API',
    rule: 'API-TIMEOUT',
    found: {
      haproxy: [
        ['timeout client 4h', 'timeout client 50s'],
        ['timeout server 4h', 'timeout server 50s'],
      ],
    },
    says: [
      'warning API-TIMEOUT frontend kube and backend masters end what is silent for 50 s (timeout client and server): watches of a Kubernetes API are, and kubectl logs -f (haproxy.cfg:6, haproxy.cfg:7) → timeout client 4h, timeout server 4h, timeout tunnel 4h',
    ],
    near: {
      haproxy: [
        ['timeout client 4h', 'timeout client 50s\n  timeout tunnel 2h'],
        ['timeout server 4h', 'timeout server 50s'],
      ],
    },
  },
  {
    observed: 'API servers that are checked by a connection',
    rule: 'CHECK',
    found: { haproxy: [['  option httpchk GET /readyz\n', '']] },
    says: [
      'warning CHECK the servers of backend masters are checked by a connection alone: an API server that hangs, or is not ready, still takes connections (haproxy.cfg:11) → option httpchk GET /readyz, and check check-ssl verify none on the servers; K3s answers 401 there: http-check expect status 200,401',
    ],
    near: { haproxy: [] },
  },
  {
    observed: 'servers that are not checked',
    rule: 'CHECK',
    found: { haproxy: [['10.0.0.22:6443 check check-ssl', '10.0.0.22:6443']] },
    says: [
      'warning CHECK m2 of backend masters is not checked at all: HAProxy sends clients there, dead or not (haproxy.cfg:14) → check at the end of the server line',
    ],
    near: { haproxy: [['  server m1', '  default-server inter 1s\n  server m1']] },
  },
  {
    observed: 'other servers that are checked by a connection',
    rule: 'CHECK',
    found: {
      haproxy: [
        [
          '\nbackend masters',
          '\nbackend web\n  server w1 10.0.0.31:80 check\n  server w2 10.0.0.32:80 check\nbackend masters',
        ],
      ],
    },
    says: [
      'note CHECK the servers of backend web are checked by a connection alone: one that takes connections and answers nothing stays in use (haproxy.cfg:11) → option httpchk where the servers have a page for it',
    ],
    near: {
      haproxy: [
        [
          '\nbackend masters',
          '\nbackend web\n  option httpchk\n  server w1 10.0.0.31:80 check\n  server w2 10.0.0.32:80 check\nbackend masters',
        ],
      ],
    },
  },
  {
    observed: 'a bind to the VIP',
    rule: 'NONLOCAL-BIND',
    found: { haproxy: [['bind *:6443', 'bind 10.0.0.10:6443']] },
    says: [
      'warning NONLOCAL-BIND frontend kube binds 10.0.0.10, which only the MASTER has: on the others HAProxy does not start, unless net.ipv4.ip_nonlocal_bind is 1 there (haproxy.cfg:9) → net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d on every node',
    ],
    near: { haproxy: [['bind *:6443', 'bind 127.0.0.1:6443']] },
  },
  {
    observed: 'a transparent bind to the VIP',
    rule: 'NONLOCAL-BIND',
    found: { haproxy: [['bind *:6443', 'bind 10.0.0.10:6443 transparent\n  bind 10.0.0.10:6444 transparent']] },
    says: [
      'note NONLOCAL-BIND frontend kube binds 10.0.0.10 transparent: that needs HAProxy to be started as root, with TPROXY in its build (haproxy.cfg:9, haproxy.cfg:10) → net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d does without',
    ],
    near: { haproxy: [['bind *:6443', 'bind *:6443 transparent']] },
  },
  {
    observed: 'statistics without a password',
    rule: 'STATS',
    found: {
      haproxy: [
        [
          '\nbackend masters',
          '\nlisten stats\n  mode http\n  bind *:8404\n  stats enable\n  stats admin if TRUE\nbackend masters',
        ],
      ],
    },
    says: [
      'warning STATS listen stats shows its statistics to everybody, and lets everybody take servers out (stats admin): every server is named there (haproxy.cfg:14, haproxy.cfg:13) → bind 127.0.0.1:…, or stats auth USER:PASSWORD',
    ],
    near: {
      haproxy: [
        ['\nbackend masters', '\nlisten stats\n  mode http\n  bind *:8404\n  stats auth ops:secret\nbackend masters'],
      ],
    },
  },
  {
    observed: 'a stats socket on a port',
    rule: 'STATS',
    found: { haproxy: [['stats socket /run/haproxy/admin.sock mode 660', 'stats socket ipv4@0.0.0.0:9999']] },
    says: [
      'warning STATS the stats socket listens on port 9999 of 0.0.0.0 with level admin: it knows no password (haproxy.cfg:2) → a UNIX socket: stats socket /run/haproxy/admin.sock mode 660 level admin',
    ],
    near: { haproxy: [['stats socket /run/haproxy/admin.sock mode 660', 'stats socket ipv4@127.0.0.1:9999']] },
  },
  {
    observed: 'a backend of one server',
    rule: 'ONE-SERVER',
    found: { haproxy: [['  server m2 10.0.0.22:6443 check check-ssl verify none\n', '']] },
    says: [
      'warning ONE-SERVER backend masters has one server, m1: when it is down, every balancer is up and nothing is served (haproxy.cfg:13) → a second server',
    ],
    near: {
      haproxy: [
        ['  server m2 10.0.0.22:6443 check check-ssl verify none\n', ''],
        ['server m1 10', 'server-template m 1-3 10'],
      ],
    },
  },
  {
    observed: 'a port of the agent',
    rule: 'AGENT-PORT',
    found: { haproxy: [['bind *:6443', 'bind *:6443\n  bind *:9853']] },
    says: [
      'note AGENT-PORT frontend kube listens on port 9853, which lb-agent needs on this node: status and metrics (haproxy.cfg:10) → another one in http.listen of agent.yaml',
    ],
    near: { haproxy: [['bind *:6443', 'bind *:6443\n  bind *:9854']] },
  },
]
