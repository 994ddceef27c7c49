/**
 * What a daemon printed when it failed, as the end of a sentence: its alerts, which name the port or the line, or else
 * its last lines.
 */
export function whatItSaid(printed: string): string {
  const lines = printed.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('[NOTICE]'))
  const alerts = lines.filter((line) => line.includes('[ALERT]'))
  const told = (alerts.length > 0 ? alerts : lines.slice(-3)).map((line) =>
    line.replace(/^\[ALERT\]\s+\(\d+\) : /, '').trim(),
  )
  return [...new Set(told)].slice(0, 3).join('; ') + advice(printed)
}

function advice(printed: string): string {
  // A BACKUP node listens on VIPs that it does not hold (ip(7), ip_nonlocal_bind).
  return printed.includes('Cannot assign requested address')
    ? ' (a node must be able to listen on a VIP that another one holds: sysctl -w net.ipv4.ip_nonlocal_bind=1 net.ipv6.ip_nonlocal_bind=1)'
    : ''
}
