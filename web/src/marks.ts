import { hasWords, wantedWords, writtenWords } from '../../src/ports/words.ts'

/** A part of a text, and whether it is a word that was searched for. */
export interface MarkedPart {
  readonly text: string
  readonly isMarked: boolean
}

/** So many characters are left of what stands before the first word. */
const BEFORE = 60

/**
 * Takes a text apart by the rule by which it was found.
 * @param search what was searched for
 * @returns the whole text, but for a beginning that is long
 */
export const markedParts = (text: string, search: string): readonly MarkedPart[] => {
  const wanted = wantedWords(search)
  const parts: MarkedPart[] = []
  let done = 0
  for (const { 0: word, index = 0 } of writtenWords(text)) {
    if (!wanted.some((start) => hasWords(word, [start]))) continue
    if (index > done) parts.push({ text: text.slice(done, index), isMarked: false })
    parts.push({ text: word, isMarked: true })
    done = index + word.length
  }
  if (done < text.length) parts.push({ text: text.slice(done), isMarked: false })
  const [first, ...others] = parts
  if (!first || first.isMarked || others.length === 0) return parts
  const before = Array.from(first.text)
  if (before.length <= BEFORE) return parts
  return [{ text: `…${before.slice(-BEFORE).join('')}`, isMarked: false }, ...others]
}
