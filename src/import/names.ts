/** A name that lb.yaml takes (letters, digits, `_`, `.`, `-`; not a number alone), made of one that the old files have. */
export function usableName(written: string, otherwise: string): string {
  const name = written
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 63)
  return name === '' || /^\d+$/.test(name) || ['constructor', 'prototype'].includes(name)
    ? `${otherwise}${name === '' ? '' : `-${name}`}`
    : name
}

/** A VIP's name of an instance's: VI_API is api, and VI_1 says nothing. */
export function vipName(instance: string): string | undefined {
  const bare = instance
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^(?:vi|vip|vrrp|instance|haproxy)-(?=.)/, '')
    .replace(/-(?:vip|vi|vrrp)$/, '')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 32)
  return bare === '' || /^(?:\d+|vip?|vrrp|instance|constructor|prototype)$/.test(bare) ? undefined : bare
}

/** The name, or with a number behind it where it is taken already. */
export function unlike(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name
  for (let number = 2; ; number += 1) if (!taken.includes(`${name}-${number}`)) return `${name}-${number}`
}
