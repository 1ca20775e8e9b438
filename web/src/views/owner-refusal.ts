import { ShareChatError } from '../../../src/client/client.ts'
import { texts } from '../texts.ts'

/** What an owner is told when something was not done. */
export const refusalOf = (error: unknown): string => {
  const { failed, failedOtherwise } = texts.owner
  if (!(error instanceof ShareChatError)) return failedOtherwise
  // Of several fields only the server knows which one it is.
  if (error.code === 'invalid') return `${failed['invalid'] ?? ''} ${error.message}`
  return failed[error.code] ?? failedOtherwise
}
