/** A part of a text: words, or the address of a link. */
export type Part = { readonly text: string; readonly href?: string }

// Not into quotes and brackets, nor over characters that turn the direction of writing: what is
// shown must be where it leads.
const ADDRESS = /\bhttps?:\/\/[^\s<>"`\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gi
const AFTER_SENTENCE = /[.,:;!?'*_~]+$/

/** Takes a text apart. Only http and https become links. */
export const partsOf = (text: string): readonly Part[] => {
  const parts: Part[] = []
  let done = 0
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(match)
    const href = hrefOf(address)
    if (href === undefined) continue
    if (index > done) parts.push({ text: text.slice(done, index) })
    parts.push({ text: address, href })
    done = index + address.length
  }
  if (done < text.length) parts.push({ text: text.slice(done) })
  return parts
}

const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** Without what ends the sentence, or closes a bracket that was opened before the address. */
const trimmed = (match: string): string => {
  for (let address = match; ; address = address.slice(0, -1)) {
    address = address.replace(AFTER_SENTENCE, '')
    const opening = OPENING[address.at(-1) ?? '']
    if (opening === undefined || address.includes(opening)) return address
  }
}

const hrefOf = (address: string): string | undefined => {
  try {
    const { protocol, href } = new URL(address)
    return protocol === 'https:' || protocol === 'http:' ? href : undefined
  } catch {
    return undefined
  }
}
