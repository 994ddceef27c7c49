import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import { asVersion } from './another-version.ts'
import { unpackExtension } from './extension.ts'

export const BUTANE = 'examples/flatcar/lb1.bu'

const contents = z.strictObject({ inline: z.string() }).or(z.strictObject({ local: z.string() }))
const owned = {
  user: z.strictObject({ name: z.string() }).optional(),
  group: z.strictObject({ name: z.string() }).optional(),
}

/** What of Butane's format (flatcar 1.0.0) the example uses; anything else is a mistake in it. */
const butane = z.strictObject({
  variant: z.literal('flatcar'),
  version: z.literal('1.0.0'),
  passwd: z.strictObject({
    groups: z.array(z.strictObject({ name: z.string(), system: z.boolean() })),
    users: z.array(
      z.strictObject({
        name: z.string(),
        system: z.boolean(),
        primary_group: z.string(),
        home_dir: z.string(),
        no_create_home: z.boolean(),
        shell: z.string(),
      }),
    ),
  }),
  storage: z.strictObject({
    directories: z.array(z.strictObject({ path: z.string(), mode: z.int(), ...owned })),
    files: z.array(
      z.strictObject({
        path: z.string(),
        mode: z.int(),
        ...owned,
        contents: contents.or(z.strictObject({ source: z.url() })),
      }),
    ),
    links: z.array(z.strictObject({ path: z.string(), target: z.string(), hard: z.literal(false) })),
  }),
  systemd: z.strictObject({
    units: z.array(
      z.strictObject({
        name: z.string(),
        enabled: z.boolean().optional(),
        dropins: z.array(z.strictObject({ name: z.string(), contents: z.string() })).optional(),
      }),
    ),
  }),
})

export type Butane = z.output<typeof butane>

export function readButane(): Butane {
  // Butane reads YAML 1.2 and 0644 as octal, as YAML 1.1 does.
  return butane.parse(parse(readFileSync(BUTANE, 'utf8'), { version: '1.1' }))
}

/** Makes of a Debian's root what Flatcar is after Ignition: its identity, the layout of the bakery's extensions, Butane's files. */
export function makeFlatcar(root: string, name: string): void {
  asBakery(root)
  put(root, 'usr/lib/os-release', 'ID=flatcar\nNAME="Flatcar Container Linux"\nVERSION_ID=4593.2.0\nSYSEXT_LEVEL=1.0\n')
  unpackExtension(join(root, 'etc/extensions/lb-agent'))
  link(root, 'etc/systemd/system/sysinit.target.wants/systemd-sysext.service', 'systemd-sysext.service')
  ignite(root, readButane(), name)
}

/** Another version of the extension in the place of the one that is merged, as sysupdate leaves it; `systemd-sysext refresh` takes it. */
export function replaceExtension(path: (inside: string) => string, version: string): void {
  const [place, next, old] = ['/etc/extensions/lb-agent', '/opt/lb-agent-next', '/opt/lb-agent-old'].map(path) as [
    string,
    string,
    string,
  ]
  unpackExtension(next)
  const bundle = join(next, 'usr/lib/lb-agent/lb-agent.mjs')
  writeFileSync(bundle, asVersion(readFileSync(bundle, 'utf8'), version))
  renameSync(place, old)
  renameSync(next, place)
}

/**
 * HAProxy and keepalived as the extensions of flatcar/sysext-bakery have them, with Debian's programs. Theirs are in
 * /usr/bin, to which /usr/sbin is a link.
 */
function asBakery(root: string): void {
  for (const daemon of ['haproxy', 'keepalived']) {
    renameSync(join(root, `usr/sbin/${daemon}`), join(root, `usr/bin/${daemon}`))
    rmSync(join(root, `etc/default/${daemon}`), { force: true })
    rmSync(join(root, `etc/systemd/system/multi-user.target.wants/${daemon}.service`), { force: true })
  }
  rmSync(join(root, 'etc/haproxy'), { recursive: true })
  // Debian's build of keepalived wants another file in there.
  rmSync(join(root, 'etc/keepalived/keepalived.conf'), { force: true })
  link(root, 'usr/sbin/keepalived', '../bin/keepalived')
  put(root, `${UNITS}/haproxy.service`, HAPROXY_SERVICE)
  put(root, `${UNITS}/keepalived.service`, KEEPALIVED_SERVICE)
  put(root, `${UNITS}/keepalived.service.d/10-keepalived.conf`, KEEPALIVED_DROPIN)
  // Upheld and not enabled: systemd calls it disabled.
  put(root, `${UNITS}/multi-user.target.d/10-keepalived.conf`, '[Unit]\nUpholds=keepalived.service\n')
  put(root, 'usr/share/haproxy/haproxy.cfg', DEFAULT_CONFIG)
  put(
    root,
    'usr/lib/tmpfiles.d/10-haproxy.conf',
    'd /etc/haproxy 0755 root root\nC /etc/haproxy/haproxy.cfg - - - - /usr/share/haproxy/haproxy.cfg\nd /var/lib/haproxy 0750 haproxy haproxy\n',
  )
}

/** What Ignition does with the file, as far as a test can: nothing is fetched, and the repository is another one. */
function ignite(root: string, { passwd, storage, systemd }: Butane, name: string): void {
  const isIn = (file: string, name: string) => readFileSync(join(root, file), 'utf8').includes(`\n${name}:`)
  for (const group of passwd.groups)
    if (!isIn('etc/group', group.name)) execFileSync('chroot', [root, 'groupadd', '--system', group.name])
  for (const { name, primary_group: group, home_dir: home } of passwd.users)
    if (!isIn('etc/passwd', name))
      execFileSync('chroot', [
        root,
        'useradd',
        '--system',
        '--gid',
        group,
        '--no-create-home',
        '--home-dir',
        home,
        name,
      ])
  const own = (
    path: string,
    { user, group }: { user?: { name: string } | undefined; group?: { name: string } | undefined },
  ) => {
    if (user !== undefined) execFileSync('chroot', [root, 'chown', `${user.name}:${group?.name ?? ''}`, path])
  }
  for (const directory of storage.directories) {
    mkdirSync(join(root, directory.path), { recursive: true })
    chmodSync(join(root, directory.path), directory.mode)
    own(directory.path, directory)
  }
  for (const file of storage.files) {
    if (!('inline' in file.contents)) continue
    const text = file.contents.inline.replaceAll('lb1', name).replace(/ssh:\/\/[^"]+/, 'file:///srv/lb-config')
    put(root, file.path, text)
    chmodSync(join(root, file.path), file.mode)
    own(file.path, file)
  }
  for (const unit of systemd.units) {
    if (unit.enabled === true && unit.name.endsWith('.service'))
      link(root, `etc/systemd/system/multi-user.target.wants/${unit.name}`, unit.name)
    for (const dropin of unit.dropins ?? [])
      put(root, `etc/systemd/system/${unit.name}.d/${dropin.name}`, dropin.contents)
  }
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function link(root: string, path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  symlinkSync(target.includes('/') ? target : `/${UNITS}/${target}`, join(root, path))
}

const UNITS = 'usr/lib/systemd/system'

const HAPROXY_SERVICE = `[Unit]
Description=HAProxy
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
ExecStart=/usr/bin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy/haproxy.pid -S /run/haproxy/haproxy-master.sock
ExecReload=/usr/bin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -c -S /run/haproxy/haproxy-master.sock
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Restart=always
SuccessExitStatus=143
User=haproxy
Group=haproxy
RuntimeDirectory=haproxy
RuntimeDirectoryMode=0755
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectHome=yes
ProtectSystem=strict
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`

const KEEPALIVED_SERVICE = `[Unit]
Description=LVS and VRRP High Availability Monitor
After=network-online.target syslog.target
Wants=network-online.target

[Service]
Type=forking
PIDFile=/run/keepalived.pid
KillMode=process
ExecStart=/usr/sbin/keepalived
ExecReload=/bin/kill -HUP $MAINPID

[Install]
WantedBy=multi-user.target
`

const KEEPALIVED_DROPIN = `[Service]
ExecStartPre=/bin/sh -c 'mkdir -p /etc/keepalived && touch -a /etc/keepalived/keepalived.conf'
ExecStart=
ExecStart=/usr/sbin/keepalived --use-file /etc/keepalived/keepalived.conf
`

const DEFAULT_CONFIG = `global
    log stdout format raw local0
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend stats
    bind 127.0.0.1:8404
    stats enable
`
