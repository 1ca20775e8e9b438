import { sha1 } from './sha1.ts'

/** The name of a send: 128 random bits, for the id that follows from it must not be guessed. */
export const newRef = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('')

/**
 * The id of what a member sends under a `ref` of ours: the version 5 UUID (RFC 9562, 5.5) of the name
 * `ref` in the namespace `memberId`.
 */
export const messageIdOf = (memberId: string, ref: string): string => {
  const namespace = memberId.match(/[0-9a-f]{2}/g) ?? []
  const hash = sha1(
    Uint8Array.from([
      ...namespace.map((pair) => Number(`0x${pair}`)),
      ...new TextEncoder().encode(ref),
    ]),
  )
  const variant = '89ab'.charAt(Number(`0x${hash.charAt(16)}`) & 3)
  return hash.replace(/^(.{8})(.{4}).(...).(...)(.{12}).*/, `$1-$2-5$3-${variant}$4-$5`)
}
