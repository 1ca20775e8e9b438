import { parseArgs } from 'node:util'
import { MARKER_LENGTH } from './marker.ts'
import { UsageError } from './usage-error.ts'

export const USAGE = `Puts load on a running server, and checks what every member gets.

  sharechat stress [options]

Members join rooms over WebSocket; some of them send texts. Every text has a mark in it, so that
what was lost, doubled or came in another order is counted for each member.

  --url <url>       a server, http only (http://localhost:8080); give it again for each further
                    node of a cluster, members are spread over them
  --members <n>     how many in all (100)
  --rooms <n>       in how many new rooms (1)
  --room <id>       in this room, by its id or link; may be given again
  --senders <n>     how many members of each room send (1)
  --window <n>      a sender has so many texts under way, and sends the next when one of them
                    has come back to it (1)
  --rate <n>        instead: a sender sends so many texts a second, whatever comes back
  --bytes <n>       length of a text, ${MARKER_LENGTH} at least (64)
  --seconds <n>     how long to send (10)
  --ramp <n>        seconds over which the members connect (2)
  --pid <pid>       a process of the server on this machine, to measure its CPU time (Linux);
                    may be given again
  --json            the report as one line of JSON
  --help            this text

Ctrl-C ends the run early, with a report. A server that runs with its own rates refuses most of a
load from one address: start it with RATE_LIMIT=off for the test.

Exit code: 0 all members joined and stayed, and everything came to everyone once and in order;
1 something did not; 2 the options are wrong.
`

/** What the command line asks for. */
export interface Args {
  readonly urls: readonly URL[]
  /** Rooms that are there; empty: make new ones. */
  readonly roomIds: readonly string[]
  readonly rooms: number
  readonly members: number
  readonly senders: number
  readonly pace: { readonly window: number } | { readonly perSecond: number }
  readonly textBytes: number
  readonly seconds: number
  readonly rampSeconds: number
  readonly pids: readonly number[]
  readonly json: boolean
}

/**
 * @param argv without the program
 * @returns undefined when it asks for help
 * @throws UsageError
 */
export const readArgs = (argv: readonly string[]): Args | undefined => {
  const values = parse(argv)
  if (values.help) return undefined
  if (values.window !== undefined && values.rate !== undefined) {
    throw new UsageError('Give either --window or --rate.')
  }
  if (values.room !== undefined && values.rooms !== undefined) {
    throw new UsageError('Give either --room or --rooms.')
  }
  const given = (values.room ?? []).map(roomOf)
  const links = given.flatMap(({ url }) => url ?? [])
  const rooms = given.length || whole('--rooms', values.rooms ?? '1', 1)
  const members = whole('--members', values.members ?? '100', 1)
  const senders = whole('--senders', values.senders ?? '1', 0)
  if (members < rooms * Math.max(1, senders)) {
    throw new UsageError('There are not enough --members for these rooms and senders.')
  }
  return {
    urls: values.url?.map(urlOf) ?? (links.length > 0 ? links : [new URL('http://localhost:8080')]),
    roomIds: given.map(({ id }) => id),
    rooms,
    members,
    senders,
    pace:
      values.rate === undefined
        ? { window: whole('--window', values.window ?? '1', 1) }
        : { perSecond: decimal('--rate', values.rate, 0.001) },
    textBytes: whole('--bytes', values.bytes ?? '64', MARKER_LENGTH),
    seconds: decimal('--seconds', values.seconds ?? '10', 0),
    rampSeconds: decimal('--ramp', values.ramp ?? '2', 0),
    pids: (values.pid ?? []).map((pid) => whole('--pid', pid, 1)),
    json: values.json ?? false,
  }
}

const parse = (argv: readonly string[]) => {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        url: { type: 'string', multiple: true },
        members: { type: 'string' },
        rooms: { type: 'string' },
        room: { type: 'string', multiple: true },
        senders: { type: 'string' },
        window: { type: 'string' },
        rate: { type: 'string' },
        bytes: { type: 'string' },
        seconds: { type: 'string' },
        ramp: { type: 'string' },
        pid: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

const LARGEST = 10_000_000

const decimal = (option: string, text: string, least: number): number => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= least && value <= LARGEST) return value
  throw new UsageError(`${option} takes a number from ${least} to ${LARGEST}, not '${text}'.`)
}

const whole = (option: string, text: string, least: number): number => {
  const value = decimal(option, text, least)
  if (Number.isInteger(value)) return value
  throw new UsageError(`${option} takes a whole number, not '${text}'.`)
}

const urlOf = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:') return new URL(url.origin)
  throw new UsageError(
    `--url takes an address like http://localhost:8080, not '${text}'. ` +
      'For a server behind https, give the address of a node behind the proxy.',
  )
}

/** A link has the id after its last slash or its hash. */
const roomOf = (text: string): { readonly id: string; readonly url: URL | undefined } => {
  const id = text.split(/[/#]/).at(-1) ?? ''
  if (id === '') throw new UsageError(`--room takes a room's id or link, not '${text}'.`)
  if (!text.includes('://')) return { id, url: undefined }
  return { id, url: urlOf(text.replace(/^ws/, 'http')) }
}
