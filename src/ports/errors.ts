/**
 * Every way in which this server refuses. The list is closed: an adapter translates what its
 * library throws into one of these at its own edge, once, and keeps the cause.
 */
export type ErrorCode =
  /** The input cannot be right, whoever sends it and whenever. */
  | 'invalid'
  /** The caller may not do this. */
  | 'forbidden'
  /** There is no such room, member or message. */
  | 'not_found'
  /** The room holds as many members as it may. */
  | 'full'
  /** The text is longer than this server takes. */
  | 'too_large'
  /** More than this member or address may do in this time; nothing was tried. */
  | 'rate_limited'
  /** A bounded queue of this node is full; nothing was tried. */
  | 'overloaded'
  /** A service behind this node does not answer; nothing was stored. */
  | 'unavailable'
  /** This node is starting or going away; another one, or a later try, will do. */
  | 'draining'
  /** It was tried and never confirmed: it may or may not be stored. */
  | 'unknown'
  /** A bug of ours. */
  | 'internal'

/** The one error type that crosses a port. */
export class RoomError extends Error {
  override readonly name = 'RoomError'

  /**
   * @param code what kind of refusal this is
   * @param message one short sentence for the person who asked; never input, SQL or an address
   * @param cause what the library said, for the log only
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
  }
}

/** The code of anything thrown: that of a RoomError, `internal` for everything else. */
export const codeOf = (error: unknown): ErrorCode =>
  error instanceof RoomError ? error.code : 'internal'
