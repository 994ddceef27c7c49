/** Milliseconds as keepalived wants its intervals: seconds with two decimals (VRRPv3 counts in 0.01 s). */
export function keepalivedSeconds(ms: number): string {
  return (ms / 1000).toFixed(2)
}
