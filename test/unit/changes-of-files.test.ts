import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf } from '../../src/prepare/changes-of-files.ts'

const PATHS = { haproxy: '/etc/haproxy/haproxy.cfg', keepalived: '/etc/keepalived/keepalived.conf' }

test('a diff shows that a password changes, and neither the old nor the new one', () => {
  const before = {
    haproxy: 'listen stats\n    stats auth ada:one-secret\n    tcp-check send AUTH\\ two-secret\\r\\n\n',
    keepalived: 'authentication {\n    auth_type PASS\n    auth_pass old-one\n}\n',
  }
  const next = { haproxy: 'global\n', keepalived: 'authentication {\n    auth_type PASS\n    auth_pass new-one\n}\n' }
  assert.deepEqual(changesOf(PATHS, before, next), [
    {
      ...{ file: PATHS.haproxy, daemon: 'haproxy', added: 1, removed: 3, consequence: 'haproxy is reloaded' },
      diff: `Index: /etc/haproxy/haproxy.cfg
===================================================================
--- /etc/haproxy/haproxy.cfg\tlive
+++ /etc/haproxy/haproxy.cfg\tplanned
@@ -1,3 +1,1 @@
-listen stats
-    stats auth ada:…
-    tcp-check send AUTH\\ …
+global
`,
    },
    {
      ...{ file: PATHS.keepalived, daemon: 'keepalived', added: 1, removed: 1, consequence: 'keepalived is reloaded' },
      diff: `Index: /etc/keepalived/keepalived.conf
===================================================================
--- /etc/keepalived/keepalived.conf\tlive
+++ /etc/keepalived/keepalived.conf\tplanned
@@ -1,4 +1,4 @@
 authentication {
     auth_type PASS
-    auth_pass …
+    auth_pass …
 }
`,
    },
  ])
})
