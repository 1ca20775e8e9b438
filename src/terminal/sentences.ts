import { type Code, ShareChatError } from '../client/client.ts'
import { printableLine } from './printable.ts'

const LOST = 'No answer; perhaps it was done. Look before you try again.'

/** What a person can do about it; where a code is not here, the server's words tell it. */
const SENTENCES: Partial<Record<Code, string>> = {
  removed: 'The owner has removed you. /leave closes this room.',
  replaced: 'You are this member elsewhere now. /leave closes this room.',
  unavailable: 'No server answers. Try again in a moment.',
}

/** The same of what changes something. */
const CHANGE_SENTENCES: Partial<Record<Code, string>> = {
  not_found: 'That is not there any more.',
  unavailable: LOST,
  unknown: LOST,
}

/** Why something did not work, in one sentence. */
export const sentenceOf = (error: unknown): string => told(error, SENTENCES)

/**
 * Why a change was not made.
 * @param forbidden what to say of a secret that was not the right one
 */
export const changeSentenceOf = (error: unknown, forbidden: string): string =>
  told(error, { ...CHANGE_SENTENCES, forbidden })

const told = (error: unknown, sentences: Partial<Record<Code, string>>): string => {
  if (!(error instanceof ShareChatError)) return 'That did not work.'
  const { code, retryAfterMs } = error
  const again =
    retryAfterMs === undefined ? 'in a moment' : `in ${Math.ceil(retryAfterMs / 1000)} s`
  if (code === 'rate_limited') return `Too much at once. Try again ${again}.`
  return sentences[code] ?? printableLine(error.message)
}
