const LOOK_EVERY_MS = 1_000
/** Smaller steps are an NTP daemon's ordinary work. */
const SMALLEST_JUMP_MS = 1_000

/** Tells of jumps of the wall clock against one that nobody sets; also after a machine was suspended. */
export function watchClock(
  clocks: { wallMs(): number; steadyMs(): number },
  onJump: (jumpMs: number) => void,
): { close(): void } {
  const difference = (): number => clocks.wallMs() - clocks.steadyMs()
  let known = difference()
  const timer = setInterval(() => {
    const jumpMs = Math.round(difference() - known)
    if (Math.abs(jumpMs) < SMALLEST_JUMP_MS) return
    known += jumpMs
    onJump(jumpMs)
  }, LOOK_EVERY_MS)
  return { close: () => clearInterval(timer) }
}
