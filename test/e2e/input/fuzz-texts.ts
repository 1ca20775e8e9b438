import type { Random } from '../../random.ts'
import { AS_SENT, REFUSED } from './texts.ts'

const MAX_MESSAGE_BYTES = 16_384
const MAX_FRAME_BYTES = 65_536
const FILLERS = ['x', 'é', '€', '𝄞']
const RANGES = [
  [0x20, 0x7f],
  [0, 0x20],
  [0x80, 0x800],
  [0x800, 0xd800],
  [0xe000, 0x1_00_00],
  [0x1_00_00, 0x11_00_00],
] as const

const characters = (random: Random): string =>
  Array.from({ length: 1 + random.below(30) }, () => {
    const [from, to] = random.pick(random.chance(0.5) ? RANGES.slice(0, 1) : RANGES)
    return String.fromCodePoint(from + random.below(to - from))
  }).join('')

/** As many bytes as a message may have, give or take a few. */
const nearLimit = (random: Random): string => {
  const start = characters(random)
  const filler = random.pick(FILLERS)
  const space = MAX_MESSAGE_BYTES + random.below(9) - 4 - Buffer.byteLength(start)
  return start + filler.repeat(Math.max(0, Math.round(space / Buffer.byteLength(filler))))
}

/** Anything that can be sent as a text and be no reason to close: 64 KiB at most. */
export const fuzzedText = (random: Random): string => {
  const kind = random.next()
  let text = characters(random)
  if (kind < 0.05) text = nearLimit(random)
  else if (kind < 0.4) text = random.pick(random.chance(0.8) ? AS_SENT : REFUSED)[1]
  else if (kind < 0.5) text = random.pick(AS_SENT)[1] + text
  else if (kind < 0.6) text = ''
  const end = random.pick(['', '', '\n', '\r\n', '\r', '\n\n', '\0'])
  return Buffer.byteLength(text + end) > MAX_FRAME_BYTES ? text : text + end
}

/** What comes of a text, by DESIGN's rules and nothing else. */
export const fateOf = (text: string): 'ignored' | 'failed' | { readonly said: string } => {
  const said = text.replace(/\r?\n$/, '')
  if (said === '') return 'ignored'
  if (Buffer.byteLength(said) > MAX_MESSAGE_BYTES || said.includes('\0')) return 'failed'
  return { said }
}
