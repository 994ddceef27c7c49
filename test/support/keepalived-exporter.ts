/**
 * What keepalived-exporter (github.com/mehdy, internal/collector/collector.go `Collect`, parser.go) makes of keepalived's text
 * dumps, told again in few words: one line per series, labels in its order. It is asked in the exporter's own way, line by
 * line, so that our reader is not compared with itself.
 */
export function exporterSeries(data: string, stats: string): string[] {
  const series = ['keepalived_up 1']
  for (const [name, lines] of blocks(data, ' VRRP Instance = ')) {
    const property = (key: string): string => after(lines, `   ${key} = `)
    const instance = `iname="${name}",intf="${property('Interface')}",vrid="${property('Virtual Router ID')}"`
    const state = STATES.indexOf(property('State'))
    const counted = blocks(stats, 'VRRP Instance: ').find(([other]) => other === name)?.[1] ?? []
    for (const [metric, section, key] of COUNTERS) {
      const start = section === '' ? -1 : counted.indexOf(`  ${section}:`)
      const value = after(counted.slice(start + 1), `${section === '' ? '  ' : '    '}${key}: `)
      series.push(`keepalived_${metric}{${instance}} ${value}`)
    }
    series.push(`keepalived_gratuitous_arp_delay_total{${instance}} ${property('Gratuitous ARP delay')}`)
    // Of `10.0.0.1/24 dev eth0 scope global`: the first word, and the third as the interface.
    for (const [metric, heading] of [
      ['vrrp_state', '   Virtual IP ('],
      ['vrrp_excluded_state', '   Virtual IP Excluded'],
    ] as const)
      for (const [address, , device] of listed(lines, heading).map((line) => line.split(' ')))
        series.push(
          `keepalived_${metric}{iname="${name}",intf="${device}",vrid="${property('Virtual Router ID')}",ip_address="${address}"} ${state}`,
        )
  }
  for (const [name, lines] of blocks(data, ' VRRP Script = ')) {
    series.push(`keepalived_script_status{name="${name}"} ${['BAD', 'GOOD'].indexOf(after(lines, '   Status = '))}`)
    series.push(`keepalived_script_state{name="${name}"} ${SCRIPT_STATES.indexOf(after(lines, '   State = '))}`)
  }
  return series
}

/** Types as `newConstMetric` is called with; all that are not counters are gauges. */
export function exporterType(metric: string): 'counter' | 'gauge' {
  return metric.endsWith('_total') ? 'counter' : 'gauge'
}

const STATES = ['INIT', 'BACKUP', 'MASTER', 'FAULT']
const SCRIPT_STATES = ['idle', 'running', 'requested termination', 'forcing termination']

/** Metric, and where `ParseStats` takes it from: section and key. */
const COUNTERS = [
  ['advertisements_received_total', 'Advertisements', 'Received'],
  ['advertisements_sent_total', 'Advertisements', 'Sent'],
  ['become_master_total', '', 'Became master'],
  ['release_master_total', '', 'Released master'],
  ['packet_length_errors_total', 'Packet Errors', 'Length'],
  ['advertisements_interval_errors_total', 'Packet Errors', 'Advertisement Interval'],
  ['ip_ttl_errors_total', 'Packet Errors', 'TTL'],
  ['invalid_type_received_total', 'Packet Errors', 'Invalid Type'],
  ['address_list_errors_total', 'Packet Errors', 'Address List'],
  ['authentication_invalid_total', 'Authentication Errors', 'Invalid Type'],
  ['authentication_mismatch_total', 'Authentication Errors', 'Type Mismatch'],
  ['authentication_failure_total', 'Authentication Errors', 'Failure'],
  ['priority_zero_received_total', 'Priority Zero', 'Received'],
  ['priority_zero_sent_total', 'Priority Zero', 'Sent'],
] as const

function blocks(text: string, heading: string): [name: string, lines: string[]][] {
  const found: [string, string[]][] = []
  let open = false
  for (const line of text.split('\n')) {
    if (line.startsWith(heading)) found.push([line.slice(heading.length), []])
    open = line.startsWith(heading) || (open && line.startsWith('  '))
    if (open && !line.startsWith(heading)) found.at(-1)?.[1].push(line)
  }
  return found
}

function after(lines: readonly string[], start: string): string {
  return lines.find((line) => line.startsWith(start))?.slice(start.length) ?? ''
}

function listed(lines: readonly string[], heading: string): string[] {
  const from = lines.findIndex((line) => line.startsWith(heading)) + 1
  if (from === 0) return []
  const length = lines.slice(from).findIndex((line) => !line.startsWith('     '))
  return lines.slice(from, from + length).map((line) => line.trim())
}
