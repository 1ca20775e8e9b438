import { isatty } from 'node:tty'
import { destination, pino, type DestinationStream, type Level, type Logger } from 'pino'
import type { Log, LogFields } from '../../ports/log.ts'
import { pretty } from './pretty.ts'
import { told } from './told-error.ts'

const STDERR = 2
const MAX_UNWRITTEN_BYTES = 1 << 20

/** A reader of the log that stalls loses lines; it never stalls this process. */
const stderr = (): DestinationStream => {
  const lines = destination({ fd: STDERR, sync: false, maxLength: MAX_UNWRITTEN_BYTES })
  return isatty(STDERR) ? pretty(lines) : lines
}

export type LogLevel = Level | 'silent'

/** Lines of JSON on stderr; if that is a terminal, lines for a person. */
export class PinoLog implements Log {
  readonly #pino: Logger

  /** @param write takes each line; stderr by default */
  constructor(level: LogLevel, write: DestinationStream = stderr()) {
    this.#pino = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: (thrown: unknown) => told(thrown) },
      },
      write,
    )
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#pino.debug(fields, event)
  }

  info(event: string, fields: LogFields = {}): void {
    this.#pino.info(fields, event)
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#pino.warn(fields, event)
  }

  error(event: string, fields: LogFields = {}): void {
    this.#pino.error(fields, event)
  }
}
