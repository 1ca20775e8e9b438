import { parseArgs } from 'node:util'
import { readLink, roomLink, serverUrl } from '../client/link.ts'
import type { RoomWish } from '../client/owner.ts'
import { UsageError } from '../stress/usage-error.ts'
import { isCode } from './codes.ts'

const DEFAULT_URL = 'http://localhost:8080'

/** A room and the server that has it. */
export interface RoomAddress {
  readonly url: string
  /** From a command line it may be a code that leads to the room: see withRoomId. */
  readonly roomId: string
}

export interface NewArgs {
  readonly url: string
  readonly print: boolean
  /** Print a code that leads to the room, too. */
  readonly code: boolean
  readonly wish: RoomWish
  /** Where the token of its owner is to be kept; undefined: it has no owner. */
  readonly ownerFile: string | undefined
}

export interface JoinArgs extends RoomAddress {
  /** Where the token of its owner is. */
  readonly ownerFile: string | undefined
}

export interface RoomsArgs {
  readonly url: string
  readonly json: boolean
}

export interface SearchArgs extends RoomAddress {
  readonly words: string
  readonly json: boolean
}

export interface TailArgs extends RoomAddress {
  /** The seq behind which to begin; undefined: with what comes now. */
  readonly after: number | undefined
  readonly json: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const URL_OPTION = { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
const JSON_OPTIONS = { ...URL_OPTION, json: { type: 'boolean' } } as const
const OWNER_OPTION = { owner: { type: 'string' } } as const
const WISH_OPTIONS = {
  name: { type: 'string' },
  topic: { type: 'string' },
  capacity: { type: 'string' },
  public: { type: 'boolean' },
  ttl: { type: 'string' },
} as const

/**
 * All readers: undefined when the command line asks for help.
 * @param argv without the program and the command
 * @throws UsageError
 */
export const readNoArgs = (argv: readonly string[]): true | undefined => {
  const { values } = parsed(() =>
    parseArgs({ args: [...argv], options: { help: URL_OPTION.help } }),
  )
  return values.help ? undefined : true
}

export const readNewArgs = (argv: readonly string[], env: Environment): NewArgs | undefined => {
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...argv],
      options: {
        ...URL_OPTION,
        ...OWNER_OPTION,
        ...WISH_OPTIONS,
        print: { type: 'boolean' },
        code: { type: 'boolean' },
      },
      allowPositionals: true,
    }),
  )
  if (values.help) return undefined
  const { name, topic, owner } = values
  const capacity = numberOf('capacity', values.capacity)
  const ttl = numberOf('ttl', values.ttl)
  return {
    url: oneServerOf(positionals, values.url, env),
    print: values.print ?? false,
    code: values.code ?? false,
    wish: {
      ...(name !== undefined && { name }),
      ...(topic !== undefined && { topic }),
      ...(capacity !== undefined && { capacity }),
      ...(values.public && { public: true }),
      ...(ttl !== undefined && { ttl }),
      ...(owner !== undefined && { owner: true }),
    },
    ownerFile: owner,
  }
}

export const readRoomsArgs = (argv: readonly string[], env: Environment): RoomsArgs | undefined => {
  const { values, positionals } = parsed(() =>
    parseArgs({ args: [...argv], options: JSON_OPTIONS, allowPositionals: true }),
  )
  if (values.help) return undefined
  return { url: oneServerOf(positionals, values.url, env), json: values.json ?? false }
}

export const readJoinArgs = (argv: readonly string[], env: Environment): JoinArgs | undefined => {
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...argv],
      options: { ...URL_OPTION, ...OWNER_OPTION },
      allowPositionals: true,
    }),
  )
  if (values.help) return undefined
  return { ...addressOf(positionals, values.url, env), ownerFile: values.owner }
}

export const readSearchArgs = (
  argv: readonly string[],
  env: Environment,
): SearchArgs | undefined => {
  const { values, positionals } = parsed(() =>
    parseArgs({ args: [...argv], options: JSON_OPTIONS, allowPositionals: true }),
  )
  if (values.help) return undefined
  const [room, ...words] = positionals
  const address = addressOf(room === undefined ? [] : [room], values.url, env)
  if (words.join('').trim() === '') throw new UsageError('Give the words to search for.')
  return { ...address, words: words.join(' '), json: values.json ?? false }
}

/** For the commands that take a room and nothing else. */
export const readRoomArgs = (
  argv: readonly string[],
  env: Environment,
): RoomAddress | undefined => {
  const { values, positionals } = parsed(() =>
    parseArgs({ args: [...argv], options: URL_OPTION, allowPositionals: true }),
  )
  return values.help ? undefined : addressOf(positionals, values.url, env)
}

export const readTailArgs = (argv: readonly string[], env: Environment): TailArgs | undefined => {
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...argv],
      options: {
        ...JSON_OPTIONS,
        all: { type: 'boolean' },
        after: { type: 'string' },
      },
      allowPositionals: true,
    }),
  )
  if (values.help) return undefined
  if (values.all && values.after !== undefined) {
    throw new UsageError('Give either --all or --after.')
  }
  return {
    ...addressOf(positionals, values.url, env),
    after: values.all ? 0 : numberOf('after', values.after),
    json: values.json ?? false,
  }
}

const parsed = <T>(parse: () => T): T => {
  try {
    return parse()
  } catch (error) {
    // The first sentence; the rest is about ways around it.
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n|\.$/)
    throw new UsageError(`${sentence}.`)
  }
}

const addressOf = (
  positionals: readonly string[],
  url: string | undefined,
  env: Environment,
): RoomAddress => {
  const [room, ...more] = positionals
  if (room === undefined || more.length > 0)
    throw new UsageError('Give one room, by its link, its id or a code.')
  if (isCode(room)) return { url: serverOf(url, env), roomId: room }
  const link = readLink(room)
  if (link && url === undefined) return link
  const address = readLink(roomLink(serverOf(url, env), link?.roomId ?? room))
  if (address) return address
  throw new UsageError(`A room is given by its link, its id or a code, not by '${room}'.`)
}

/** The server that is given as an argument or an option. */
const oneServerOf = (
  [given, ...more]: readonly string[],
  url: string | undefined,
  env: Environment,
): string => {
  if (more.length > 0 || (given !== undefined && url !== undefined)) {
    throw new UsageError('Give one url.')
  }
  return serverOf(given ?? url, env)
}

const serverOf = (given: string | undefined, env: Environment): string => {
  const text = given ?? (env['SHARECHAT_URL'] || DEFAULT_URL)
  if (URL.canParse(text) && /^https?:/i.test(text)) return serverUrl(text)
  throw new UsageError(
    `${given === undefined ? 'SHARECHAT_URL is' : 'A url is'} an address like ${DEFAULT_URL}, not '${text}'.`,
  )
}

const numberOf = (option: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new UsageError(`--${option} takes a number, 0 or more, not '${text}'.`)
}
