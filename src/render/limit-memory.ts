/** Sections of a WebAssembly module (WebAssembly Core Specification §5.5.2). */
const MEMORY_SECTION = 5
const HEADER_BYTES = 8
const PAGE_BYTES = 65_536

/**
 * The same WebAssembly module with an upper bound on its own memory: a template that builds an endless text then fails by
 * itself, long before the host runs out of memory. Throws for a module without a memory.
 */
export function limitMemory(wasm: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  for (let start = HEADER_BYTES; start < wasm.length; ) {
    const size = readNumber(wasm, start + 1)
    const end = size.next + size.value
    if (wasm[start] === MEMORY_SECTION) {
      // One memory: count, flags (bit 0: a maximum follows the minimum), minimum in pages.
      const minimum = readNumber(wasm, size.next + 2)
      const body = [1, 1, ...toNumber(minimum.value), ...toNumber(Math.floor(maxBytes / PAGE_BYTES))]
      return joined([wasm.subarray(0, start), [MEMORY_SECTION, ...toNumber(body.length), ...body], wasm.subarray(end)])
    }
    start = end
  }
  throw new Error('the WebAssembly module has no memory section')
}

/** Unsigned LEB128 (§5.2.2). */
function readNumber(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0
  let next = start
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[next] ?? 0
    next += 1
    value += (byte % 128) * factor
    if (byte < 128) return { value, next }
  }
}

function toNumber(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...toNumber(Math.floor(value / 128))]
}

function joined(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
