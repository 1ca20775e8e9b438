import type { Random } from '../../random.ts'

/** Up to 40 bytes of anything. */
export const noise = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)))

/** The bytes with one to four things done to them. */
export const mutated = (random: Random, bytes: Buffer): Buffer => {
  let result = bytes
  for (let count = 1 + random.below(4); count > 0; count -= 1) result = changed(random, result)
  return result
}

const changed = (random: Random, bytes: Buffer): Buffer => {
  const at = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + random.below(random.chance(0.7) ? 4 : bytes.length + 1))
  const [before, part, behind] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
  switch (random.below(6)) {
    case 0:
      return before
    case 1:
      return Buffer.concat([before, behind])
    case 2:
      return Buffer.concat([before, part, part, behind])
    case 3:
      return Buffer.concat([before, noise(random), behind])
    case 4:
      return Buffer.concat([before, part.map((byte) => byte ^ (1 << random.below(8))), behind])
    default:
      return Buffer.concat([
        before,
        Uint8Array.of(random.pick([0, 10, 13, 32, 127, 255])),
        part,
        behind,
      ])
  }
}

/** The bytes in writes of any size. */
export const inWrites = (random: Random, bytes: Buffer): readonly Buffer[] => {
  const writes: Buffer[] = []
  const largest = random.pick([1, 7, 100, 2000, bytes.length + 1])
  let at = 0
  // Byte by byte only the beginning of what is long.
  while (at < bytes.length) {
    const size = writes.length > 300 ? bytes.length : 1 + random.below(largest)
    writes.push(bytes.subarray(at, at + size))
    at += size
  }
  return writes
}
