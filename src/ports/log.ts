/**
 * Structured log. `event` is a fixed lower-case phrase; what varies goes into `fields`. Never in
 * either: message texts, names, room or member ids, addresses.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export interface LogFields {
  readonly nodeId?: string
  readonly count?: number
  readonly ms?: number
  readonly port?: number
  readonly mode?: string
  readonly signal?: string
  /** Whatever was thrown; the adapter writes its type, code and stack, not its data. */
  readonly error?: unknown
}
