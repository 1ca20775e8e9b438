const EXCERPT_CHARACTERS = 40

/** A text without its last line break (`\n` or `\r\n`), if it ends in one. */
export const withoutLineBreak = (text: string): string => {
  if (!text.endsWith('\n')) return text
  return text.slice(0, text.endsWith('\r\n') ? -2 : -1)
}

/** How many bytes a well-formed text takes in UTF-8. */
export const utf8Bytes = (text: string): number => {
  let bytes = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    // Each half of a surrogate pair stands for two of the four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/** Why a text can be no message: it is too long, or has what cannot be stored. */
export const faultOf = (text: string, maxBytes: number): 'too_large' | 'invalid' | undefined => {
  if (utf8Bytes(text) > maxBytes) return 'too_large'
  return text.includes('\0') || !text.isWellFormed() ? 'invalid' : undefined
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
