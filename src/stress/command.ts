import { readArgs, USAGE, type Args } from './args.ts'
import { runLoad, type Progress } from './load.ts'
import { newRooms } from './new-rooms.ts'
import { plainProtocol } from './plain-protocol.ts'
import { isGood } from './report.ts'
import { UsageError } from './usage-error.ts'
import { written, writtenProgress } from './written.ts'

const EXIT_FAULT = 1
const EXIT_USAGE = 2
const CLEAR_LINE = '\r\u001b[K'

const putLoad = async (args: Args, signal: AbortSignal): Promise<number> => {
  const { rooms, json, ...load } = args
  const [first] = args.urls
  if (first === undefined) throw new Error('no url')
  const report = await runLoad({
    ...load,
    roomIds: args.roomIds.length > 0 ? args.roomIds : await newRooms(first, rooms, signal),
    protocol: plainProtocol,
    onProgress: showProgress,
    signal,
  })
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE)
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : written(report))
  return isGood(report) ? 0 : EXIT_FAULT
}

const showProgress = (progress: Progress): void => {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE + writtenProgress(progress))
}

/**
 * Runs the load that a command line asks for, and writes the report.
 * @param argv without the program
 * @returns the exit code
 */
export const stress = async (argv: readonly string[]): Promise<number> => {
  const interrupt = new AbortController()
  // The second one ends the process at once.
  process.once('SIGINT', () => interrupt.abort())
  try {
    const args = readArgs(argv)
    if (args !== undefined) return await putLoad(args, interrupt.signal)
    process.stdout.write(USAGE)
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message} See --help.\n`)
      return EXIT_USAGE
    }
    process.stderr.write(`${sentences(error)}\n`)
    return EXIT_FAULT
  }
}

/** What went wrong, and in brackets the first cause of it. */
const sentences = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  let cause: unknown = error
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause
  if (cause === error || !(cause instanceof Error)) return error.message
  const code = 'code' in cause ? String(cause.code) : cause.message
  return `${error.message} (${code})`
}
