import { readFileSync, statSync } from 'node:fs'
import { MAX_NAME, MAX_TOPIC, NAME_PATTERN, TOPIC_PATTERN } from './adapters/http/room-bodies.ts'
import type { GivenRoom } from './domain/directory.ts'
import { SettingsError } from './settings.ts'

const MAX_BYTES = 1 << 20
const MAX_ROOMS = 1_000
/** A file that is all wrong is not told of at length. */
const MAX_PROBLEMS = 10

/**
 * The rooms that a file names: a JSON array of `{"name", "topic"?}`.
 * @param path undefined: no rooms
 * @throws SettingsError with what is wrong, a sentence each
 */
export const readRooms = (path: string | undefined): readonly GivenRoom[] => {
  if (path === undefined) return []
  const rooms = parsed(path)
  const problems: string[] = []
  const names = new Set<string>()
  const given = rooms.map((room: unknown, index): GivenRoom => {
    const fault = faultOf(room, names)
    if (fault !== undefined) problems.push(`ROOMS_FILE: room ${index + 1} ${fault}.`)
    const { name = '', topic = '' } = (room ?? {}) as Partial<GivenRoom>
    names.add(name)
    return { name, topic }
  })
  if (problems.length > 0) throw new SettingsError(problems.slice(0, MAX_PROBLEMS))
  return given
}

const parsed = (path: string): readonly unknown[] => {
  let rooms: unknown
  try {
    if (statSync(path).size > MAX_BYTES) throw problem('must not be larger than 1 MiB')
    rooms = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SettingsError) throw error
    throw error instanceof SyntaxError
      ? problem('must hold JSON')
      : problem('must name a file that can be read')
  }
  if (!Array.isArray(rooms)) throw problem('must hold an array, such as [{"name":"Lobby"}]')
  if (rooms.length > MAX_ROOMS) throw problem(`must not name more than ${MAX_ROOMS} rooms`)
  return rooms
}

const problem = (what: string) => new SettingsError([`ROOMS_FILE ${what}.`])

const faultOf = (room: unknown, names: ReadonlySet<unknown>): string | undefined => {
  if (typeof room !== 'object' || room === null || Array.isArray(room)) return 'must be an object'
  const { name, topic = '', ...others } = room as Readonly<Record<string, unknown>>
  if (Object.keys(others).length > 0) return 'may have name and topic, and nothing else'
  if (!fits(name, NAME_PATTERN, MAX_NAME))
    return `must have a name of one line, 1 to ${MAX_NAME} characters`
  if (!fits(topic, TOPIC_PATTERN, MAX_TOPIC))
    return `must have a topic of one line, ${MAX_TOPIC} characters at most`
  return names.has(name) ? 'has the name of another one' : undefined
}

const fits = (text: unknown, pattern: string, maxLength: number): boolean =>
  typeof text === 'string' &&
  Array.from(text).length <= maxLength &&
  new RegExp(pattern, 'u').test(text)
