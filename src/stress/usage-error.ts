/** The command line is wrong; the message is a sentence that says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
