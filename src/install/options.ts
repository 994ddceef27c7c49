/** What a person may say to `lb-agent install`; the rest is found on the host, in agent.yaml or in the repository. */
export type InstallOptions = {
  /** agent.yaml. */
  config: string
  repo: string | undefined
  branch: string | undefined
  path: string | undefined
  node: string | undefined
  /** `http.listen`. */
  listen: string | undefined
  // The next three only where the repository is read by ssh.
  /** A private key to be copied; its path. */
  key: string | undefined
  /** Make a deploy key if there is none. */
  newKey: boolean
  /** Fingerprint of the git server's host key, `SHA256:…`. */
  hostKey: string | undefined
  /** The other nodes have no agent, and none of them runs the old pair. */
  alone: boolean
  /** A VIP may be away for less than a second while keepalived takes the new file. */
  acceptGap: boolean
}

/** What keeps a host from being installed, or one step of it from being done. */
export type Obstacle = { what: string; fix: string }

/** `shows`: what a person should see before it is done: a diff, a fingerprint. */
export type Step = {
  what: string
  shows?: string
  perform(signal: AbortSignal): Promise<StepResult>
}

/** `note`: what a person should know afterwards. */
export type StepResult = { kind: 'done'; note?: string } | { kind: 'failed'; obstacle: Obstacle }

export function done(note?: string): StepResult {
  return note === undefined ? { kind: 'done' } : { kind: 'done', note }
}

export function failed(what: string, fix: string): StepResult {
  return { kind: 'failed', obstacle: { what, fix } }
}
