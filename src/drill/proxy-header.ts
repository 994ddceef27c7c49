const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const FIXED_BYTES = 16
const PROXY = 0x21
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21

/** `source` is undefined for a LOCAL connection, such as a check: then the sender speaks for itself. */
export type ProxyHeader =
  | { kind: 'header'; bytes: number; source: string | undefined }
  | { kind: 'incomplete' }
  | { kind: 'none' }

/** Reads the PROXY header, version 2, at the beginning of a connection (HAProxy's proxy-protocol.txt §2.2). */
export function readProxyHeader(data: Buffer): ProxyHeader {
  const known = Math.min(data.length, SIGNATURE.length)
  if (!data.subarray(0, known).equals(SIGNATURE.subarray(0, known))) return { kind: 'none' }
  if (data.length < FIXED_BYTES) return { kind: 'incomplete' }
  const bytes = FIXED_BYTES + data.readUInt16BE(14)
  if (data.length < bytes) return { kind: 'incomplete' }
  return { kind: 'header', bytes, source: sourceOf(data.subarray(0, bytes)) }
}

function sourceOf(header: Buffer): string | undefined {
  if (header[12] !== PROXY) return undefined
  const addresses = header.subarray(FIXED_BYTES)
  if (header[13] === TCP_OVER_IPV4 && addresses.length >= 12) return addresses.subarray(0, 4).join('.')
  if (header[13] === TCP_OVER_IPV6 && addresses.length >= 36) return ipv6(addresses.subarray(0, 16))
  return undefined
}

function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}
