/**
 * What search goes by: one rule for all repositories, so that all find the same. A word is a run of
 * letters and digits, without regard to case, accents and the other marks of a letter; where a script
 * has no spaces between words, each character is one, and so is each pictograph.
 */

const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}'
const WORD = new RegExp(
  `[${UNSPACED}\\p{Extended_Pictographic}]|(?:(?![${UNSPACED}])[\\p{L}\\p{N}])+`,
  'gu',
)
/** As WORD, for a text as it was written: the marks of a letter stand behind it. */
const WRITTEN = new RegExp(
  `[${UNSPACED}\\p{Extended_Pictographic}][\\p{M}\\p{Emoji_Modifier}]*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}])+`,
  'gu',
)
const ASCII_WORD = /[a-z0-9]+/g
const BEYOND_ASCII = /[^\0-\x7f]/

/** Letters that Unicode does not take apart, as most people type them; a final sigma is a sigma. */
const PLAIN: Readonly<Record<string, string>> = {
  ø: 'o',
  đ: 'd',
  ħ: 'h',
  ł: 'l',
  ŧ: 't',
  æ: 'ae',
  œ: 'oe',
  ς: 'σ',
}
const NOT_PLAIN = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'g')

/** By way of upper case, which takes ß apart; ẞ must be one first. */
const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(NOT_PLAIN, (letter) => PLAIN[letter] ?? letter)

/** The words of a text, each once. */
export const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(BEYOND_ASCII.test(text) ? folded(text).match(WORD) : text.toLowerCase().match(ASCII_WORD))

/** Where the words of a text stand, and how they are written there. */
export const writtenWords = (text: string): readonly RegExpMatchArray[] =>
  Array.from(text.matchAll(WRITTEN))

/** The words that someone searches for, the longest first; one that another begins with is left out. */
export const wantedWords = (search: string): readonly string[] => {
  const words = [...wordsOf(search)].toSorted((a, b) => b.length - a.length)
  return words.filter((word, at) => !words.slice(0, at).some((longer) => longer.startsWith(word)))
}

/**
 * Whether each of these words is one of the text's, or the beginning of one.
 * @param wanted from wantedWords
 */
export const hasWords = (text: string, wanted: readonly string[]): boolean => {
  if (!BEYOND_ASCII.test(text)) {
    const lower = text.toLowerCase()
    return wanted.every((word) => hasAsciiWord(lower, word))
  }
  const words = [...wordsOf(text)]
  return wanted.every((start) => words.some((word) => word.startsWith(start)))
}

/** Without taking the text apart: most texts are like this, and most of them have not the word. */
const hasAsciiWord = (lower: string, word: string): boolean => {
  for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + 1)) {
    if (at === 0 || !/[a-z0-9]/.test(lower.charAt(at - 1))) return true
  }
  return false
}
