/** A text that grows piece by piece outside of the heap: a megabyte of small strings would stay there as garbage. */
export type TextBuffer = {
  append(text: string): void
  /** What was written so far; valid until more is. */
  bytes(): Buffer
}

/** A character of a string takes at most three bytes (UTF-8). */
const BYTES_PER_CHARACTER = 3

export function createTextBuffer(firstBytes: number): TextBuffer {
  let buffer = Buffer.allocUnsafeSlow(firstBytes)
  let used = 0
  return {
    append: (text) => {
      const needed = used + BYTES_PER_CHARACTER * text.length
      if (needed > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * buffer.length))
        buffer.copy(larger, 0, 0, used)
        buffer = larger
      }
      used += buffer.write(text, used, 'utf8')
    },
    bytes: () => buffer.subarray(0, used),
  }
}
