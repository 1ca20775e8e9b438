const EXCERPT_CHARACTERS = 40

/** A text without its last line break (`\n` or `\r\n`), if it ends in one. */
export const withoutLineBreak = (text: string): string => {
  if (!text.endsWith('\n')) return text
  return text.slice(0, text.endsWith('\r\n') ? -2 : -1)
}

/** Whether a text takes more than `maxBytes` bytes in UTF-8. */
export const tooLong = (text: string, maxBytes: number): boolean => {
  if (text.length * 3 <= maxBytes) return false
  if (text.length > maxBytes) return true
  let bytes = 0
  for (const character of text) bytes += utf8Bytes(character.codePointAt(0) ?? 0)
  return bytes > maxBytes
}

const utf8Bytes = (codePoint: number): number => {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}

/** The first 40 characters of a text; a character is a code point, so that none is cut in two. */
export const excerpt = (text: string): string => {
  let end = 0
  let characters = 0
  for (const character of text) {
    if (characters === EXCERPT_CHARACTERS) break
    end += character.length
    characters += 1
  }
  return text.slice(0, end).toWellFormed()
}
