import type { DestinationStream } from 'pino'
import type { LoggedError } from './told-error.ts'

type Line = Readonly<Record<string, unknown>> & {
  readonly level: string
  readonly time: string
  readonly msg: string
  readonly error?: LoggedError
}

/** Turns lines of JSON into lines for a person at a terminal. */
export const pretty = (to: DestinationStream): DestinationStream => ({
  write: (line) => to.write(prettyLine(JSON.parse(line) as Line)),
})

const prettyLine = ({ level, time, msg, error, ...fields }: Line): string => {
  const words = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`)
  const clock = time.slice(time.indexOf('T') + 1, -1)
  const head = `${clock} ${level.toUpperCase().padEnd(5)} ${msg}${words.join('')}`
  return [head, ...(error ? linesOf(error, '  ') : [])].map((line) => `${line}\n`).join('')
}

const linesOf = (error: LoggedError, indent: string): string[] => {
  const { type, code, message, at = [], cause, errors = [] } = error
  const what = [type, code, message].filter((word) => word !== undefined).join(' ')
  return [
    indent + what,
    ...at.map((place) => `${indent}  ${place}`),
    ...[...(cause ? [cause] : []), ...errors].flatMap((inner) => linesOf(inner, `${indent}  `)),
  ]
}
