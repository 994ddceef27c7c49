import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Sight, whatScriptSees } from '../../src/proof/what-script-sees.ts'

const SEES = {
  process: ['haproxy-dead'],
  connection: ['haproxy-dead'],
  answer: ['haproxy-dead', 'haproxy-hung'],
  'answer through HAProxy': ['haproxy-dead', 'haproxy-hung', 'servers-lost'],
  'something else': [],
  unknown: ['haproxy-dead'],
} as const satisfies Readonly<Record<Sight['kind'], Sight['sees']>>

const COMMANDS: readonly [command: string, kind: Sight['kind']][] = [
  ['killall -0 haproxy', 'process'],
  ['/usr/bin/killall -0 haproxy', 'process'],
  ['pidof haproxy', 'process'],
  ['/usr/bin/pgrep -x haproxy', 'process'],
  ['/usr/bin/systemctl is-active --quiet haproxy', 'process'],
  ["/bin/bash -c 'systemctl is-active haproxy.service'", 'process'],
  ['/usr/sbin/service haproxy status', 'process'],
  ['/bin/kill -0 `cat /run/haproxy.pid`', 'process'],
  ['/bin/sh -c "kill -0 $(cat /var/run/haproxy.pid)"', 'process'],
  ["/bin/sh -c 'ps -C haproxy --no-header | grep -q .'", 'process'],
  ['/usr/bin/test -e /proc/$(cat /run/haproxy.pid)/stat', 'process'],
  ['/usr/bin/nc -z 127.0.0.1 6443', 'connection'],
  ["/bin/bash -c '</dev/tcp/127.0.0.1/443'", 'connection'],
  ["/bin/sh -c 'ss -ltn | grep -q :6443'", 'connection'],
  ["/bin/sh -c 'netstat -lnt | grep 10.0.0.10:80'", 'connection'],
  ['/usr/bin/curl -fsm1 http://127.0.0.1:8404/stats', 'answer'],
  ['/usr/bin/curl -o /dev/null -Lfs http://localhost:1936/healthz/ready', 'answer'],
  ['/usr/bin/wget -q -T 1 -O /dev/null http://127.0.0.1/', 'answer'],
  ["/bin/sh -c 'echo show info | socat stdio /run/haproxy/admin.sock'", 'answer'],
  ['/bin/sh -c \'echo "show stat" | nc -U /run/haproxy/admin.sock\'', 'answer'],
  ['/usr/local/bin/lb-agent check --gate /run/lb-agent/vrrp/gate', 'answer'],
  ['/usr/bin/timeout 1.9 /usr/bin/curl -kLfs https://localhost:9445/readyz', 'answer through HAProxy'],
  ['/usr/bin/curl -sfk --max-time 2 https://localhost:6443/healthz -o /dev/null', 'answer through HAProxy'],
  ['/usr/bin/curl -fsm 1 http://127.0.0.1:80/healthz', 'answer through HAProxy'],
  // HAProxy's own 503 is an answer to a curl without -f.
  ['/usr/bin/curl -s http://127.0.0.1/healthz', 'answer'],
  ['/usr/bin/wget -qO- http://127.0.0.1/healthz', 'answer through HAProxy'],
  // A pid file outlives its process.
  ['/usr/bin/test -f /run/haproxy.pid', 'something else'],
  ['/usr/bin/openssl s_client -connect 127.0.0.1:6443 -brief', 'answer through HAProxy'],
  ['/usr/bin/pgrep nginx', 'something else'],
  ['/usr/bin/systemctl is-active kubelet', 'something else'],
  ['/usr/bin/test ! -f /etc/keepalived/down', 'something else'],
  ["/bin/bash -c '[[ -f /etc/keepalived/down ]] && exit 1 || exit 0'", 'something else'],
  ['/bin/ping -c 1 -W 1 10.0.0.1', 'something else'],
  ['</run/lb/ok', 'something else'],
  ['/etc/keepalived/check.sh', 'unknown'],
  ['/opt/lb/healthcheck --fast', 'unknown'],
]

describe('a command', () => {
  for (const [command, kind] of COMMANDS)
    test(`${command} sees ${kind}`, () => {
      assert.deepEqual(whatScriptSees(command), { kind, sees: SEES[kind], stopsKeepalived: false })
    })
})

const SCRIPTS: readonly [name: string, text: string, kind: Sight['kind'], stopsKeepalived: boolean][] = [
  [
    'kubeadm’s, which asks the API through HAProxy',
    `#!/bin/sh
errorExit() { echo "*** $*" 1>&2; exit 1; }
curl -sfk --max-time 2 https://localhost:8443/healthz -o /dev/null || errorExit "Error GET"
`,
    'answer through HAProxy',
    false,
  ],
  [
    'one that starts HAProxy again, and ends keepalived if that does not help',
    `#!/bin/bash
if [ $(ps -C haproxy --no-header | wc -l) -eq 0 ]; then
  systemctl start haproxy
  sleep 2
  [ $(ps -C haproxy --no-header | wc -l) -eq 0 ] && killall keepalived
fi
`,
    'process',
    true,
  ],
  [
    'one that stops keepalived by its unit',
    `#!/bin/bash
for i in 1 2 3; do pgrep haproxy && exit 0; sleep 1; done
/usr/bin/systemctl stop keepalived
exit 1
`,
    'process',
    true,
  ],
  [
    'one whose comment speaks of curl',
    `#!/bin/sh
# curl http://127.0.0.1/healthz would be better
pidof haproxy
`,
    'process',
    false,
  ],
  [
    'one that counts the servers that are up',
    `#!/bin/sh
echo "show stat" | socat unix-connect:/run/haproxy/admin.sock stdio | grep -c ',UP,'
`,
    'answer',
    false,
  ],
  ['one that runs another program', '#!/bin/sh\nexec /opt/lb/healthcheck\n', 'unknown', false],
]

describe('a script', () => {
  for (const [name, text, kind, stopsKeepalived] of SCRIPTS)
    test(`${name} sees ${kind}`, () => {
      assert.deepEqual(whatScriptSees('/etc/keepalived/check.sh', text), { kind, sees: SEES[kind], stopsKeepalived })
    })
})

test('what asks only other machines does not ask HAProxy of this node', () => {
  const own = ['10.17.3.12', '10.17.5.10']
  const kindOf = (command: string): string => whatScriptSees(command, undefined, own).kind
  assert.equal(kindOf('/usr/bin/curl -fsk https://10.17.4.21:6443/healthz'), 'something else')
  assert.equal(kindOf('/bin/nc -z 10.17.4.21 6443'), 'something else')
  assert.equal(kindOf('/usr/bin/curl -fsk https://10.17.3.12:6443/healthz'), 'answer through HAProxy')
  assert.equal(kindOf('/bin/nc -z 127.0.0.1 6443'), 'connection')
  // Which address this node has is in no file.
  assert.equal(whatScriptSees('/bin/nc -z 10.17.4.21 6443').kind, 'connection')
})
