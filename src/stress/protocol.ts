/** How one kind of chat server is talked to. */
export interface Protocol {
  /** The request target of the upgrade. */
  path(roomId: string): string
  /** Text frames to send after the 101, before a member counts as joined. */
  readonly hello: readonly string[]
  /**
   * Whether a received text frame shows that this member has joined; asked until it does.
   * @param frame what is in the frame; its bytes are overwritten after the call
   */
  isJoined(frame: Buffer): boolean
  /**
   * Whether a received text frame refuses a text of this member. Without it nothing is refused.
   * @param frame as in isJoined
   */
  isRefusal?(frame: Buffer): boolean
  /** The text frame that sends this text. */
  send(text: string): string
}
