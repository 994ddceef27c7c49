/** The kernel gave a node an address, or took one away; epoch ms with the fraction that `ip` prints. */
export type AddressEvent = { atMs: number; address: string; has: boolean }

/**
 * Reads a line of `ip -ts -o monitor address` with its clock in UTC; undefined for a line that is none.
 *
 *     [2026-11-25T08:26:52.845872] 2: eth0    inet 10.0.0.9/32 scope global eth0\       valid_lft forever …
 *     [2026-11-25T08:26:54.796201] Deleted 2: eth0    inet6 fd00::9/128 scope global nodad \       valid_lft …
 */
export function parseAddressEvent(line: string): AddressEvent | undefined {
  const found = /^\[(\S+)\.(\d{6})\] (Deleted )?\d+: \S+ +inet6? ([^/ ]+)/.exec(line)
  if (found === null) return undefined
  const [, second = '', micros = '', deleted, address = ''] = found
  return { atMs: Date.parse(`${second}Z`) + Number(micros) / 1000, address, has: deleted === undefined }
}

/** The addresses in what `ip -o address show` prints. */
export function parseAddresses(text: string): string[] {
  return [...text.matchAll(/^\d+: \S+ +inet6? ([^/ ]+)/gm)].map(([, address = '']) => address)
}
