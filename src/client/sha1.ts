/**
 * SHA-1 (RFC 3174, method 1) of 55 bytes or fewer, which are one block. Of our own, because a page
 * that came over plain http has no crypto.subtle, and because a hash is needed at once, not later.
 * @returns 40 hexadecimal digits
 */
export const sha1 = (bytes: Uint8Array): string => {
  const words = new DataView(new ArrayBuffer(320))
  new Uint8Array(words.buffer).set(bytes)
  words.setUint8(bytes.length, 0x80)
  words.setUint16(62, bytes.length * 8)
  const word = (at: number): number => words.getUint32(at * 4)
  for (let at = 16; at < 80; at += 1) {
    words.setUint32(at * 4, rotate(word(at - 3) ^ word(at - 8) ^ word(at - 14) ^ word(at - 16), 1))
  }
  let [a, b, c, d, e]: Five = BEGIN
  for (let at = 0; at < 80; at += 1) {
    const sum = rotate(a, 5) + mix(at, b, c, d) + e + word(at)
    ;[a, b, c, d, e] = [sum | 0, a, rotate(b, 30), c, d]
  }
  return [a, b, c, d, e]
    .map((part, at) => ((part + (BEGIN[at] ?? 0)) >>> 0).toString(16).padStart(8, '0'))
    .join('')
}

type Five = readonly [number, number, number, number, number]

const BEGIN: Five = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]

/** The function and the constant of a round. */
const mix = (at: number, b: number, c: number, d: number): number => {
  if (at < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (at < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (at < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))
