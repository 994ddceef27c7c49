import { parseIpAddress } from '../spec/address.ts'

/** The same text for the same address. IPv4 is only written one way: keepalived reads addresses with inet_pton. */
export function canonicalAddress(address: string): string {
  return address.includes(':') ? (parseIpAddress(address)?.text ?? address) : address
}

/** Of an address of an instance: without its prefix length, written as all others are. */
export function bareAddress({ address }: { address: string }): string {
  const [text = ''] = address.split('/')
  return canonicalAddress(text)
}
