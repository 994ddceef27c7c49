/** What each package is built from. */
export type BuildOptions = {
  /** Where the finished files go, and where to work. */
  out: string
  work: string
  version: string
  /** `deb`: dpkg's name. `systemd`: that of os-release and sysupdate. */
  architecture: { name: 'x64' | 'arm64'; deb: string; systemd: string }
  /** Seconds since 1970 that every file gets. */
  timeSec: number
  /** The Node that is shipped. */
  node: string
}
