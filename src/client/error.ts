import type { Code } from './api.ts'

/** Why something was not done, or has ended. */
export class ShareChatError extends Error {
  override readonly name = 'ShareChatError'
  readonly code: Code
  /** When it is worth another try, in milliseconds, if the server said so. */
  readonly retryAfterMs: number | undefined

  constructor(code: Code, message: string, retryAfterMs?: number) {
    super(message)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
