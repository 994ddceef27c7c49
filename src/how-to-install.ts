/** `sysext`: programs come as system extensions (Flatcar). `none`: we know no package manager of it. */
export type PackageManager = 'apt' | 'dnf' | 'sysext' | 'none'

export type PackageNames = { apt: string; dnf: string }

/** Where the package has another name than the program. */
const PACKAGES: Readonly<Record<string, PackageNames>> = {
  flock: both('util-linux'),
  'iptables-legacy-save': { apt: 'iptables', dnf: 'iptables-legacy' },
  nft: both('nftables'),
  ping: { apt: 'iputils-ping', dnf: 'iputils' },
  polkit: { apt: 'polkitd', dnf: 'polkit' },
  setpriv: both('util-linux'),
  ss: { apt: 'iproute2', dnf: 'iproute' },
  ssh: { apt: 'openssh-client', dnf: 'openssh-clients' },
  'ssh-keyscan': { apt: 'openssh-client', dnf: 'openssh-clients' },
}

export function packagesOf(program: string): PackageNames {
  return PACKAGES[program] ?? both(program)
}

/** What a person types, or does, to have this program; of our own programs `lb-agent`. */
export function howToInstall(program: string, manager: PackageManager): string {
  if (program === 'lb-agent') return HOW_TO_INSTALL_US[manager]
  switch (manager) {
    case 'apt':
      return `apt-get install ${packagesOf(program).apt}`
    case 'dnf':
      return `dnf install ${packagesOf(program).dnf}`
    case 'sysext':
      return isExtension(program)
        ? `put ${program}-….raw of https://extensions.flatcar.org into /opt/extensions/${program}/, link /etc/extensions/${program}.raw to it, systemctl restart systemd-sysext`
        : `${program} is part of Flatcar itself: is this one of today? update_engine_client -update`
    case 'none':
      return `install ${program} as this distribution does it`
    default:
      return manager satisfies never
  }
}

/** The same for a program that is there, and broken. */
export function howToReinstall(program: string, manager: PackageManager): string {
  if (program === 'lb-agent') return howToInstall(program, manager)
  switch (manager) {
    case 'apt':
      return `apt-get install --reinstall ${packagesOf(program).apt}`
    case 'dnf':
      return `dnf reinstall ${packagesOf(program).dnf}`
    case 'sysext':
    case 'none':
      return howToInstall(program, manager)
    default:
      return manager satisfies never
  }
}

/** What Flatcar has as a system extension, and not in its own /usr. */
export function isExtension(program: string): boolean {
  return program === 'haproxy' || program === 'keepalived'
}

const TARBALL = './install of the tarball'
const HOW_TO_INSTALL_US = {
  apt: `apt-get install ./lb-agent_….deb, or ${TARBALL}`,
  dnf: TARBALL,
  sysext: 'link /etc/extensions/lb-agent.raw to lb-agent-….raw, systemctl restart systemd-sysext',
  none: TARBALL,
}

function both(name: string): PackageNames {
  return { apt: name, dnf: name }
}
