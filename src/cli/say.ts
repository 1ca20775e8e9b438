import type { Readable } from 'node:stream'
import { type Client, type Room, ShareChatError } from '../client/client.ts'
import type { RoomAddress } from './args.ts'
import { joinSoon } from './dial.ts'

/** Longer than any server takes: so much of a line is held, and refused then. */
const MAX_LINE = 1_048_576

/** What became of the lines. */
export interface Said {
  /** How many are not stored, or perhaps not. */
  readonly failed: number
  /** The room was over before the lines were. */
  readonly isCutShort: boolean
  /** The seq of the last one that is stored; 0: none. */
  readonly lastSeq: number
}

/**
 * Sends each line of a stream to a room, one after the other, so that their order stays.
 * @returns whether all are stored
 * @throws ShareChatError when the room cannot be joined
 */
export const say = async (
  client: Client,
  address: RoomAddress,
  input: Readable,
): Promise<boolean> => {
  const { failed, isCutShort } = await sayAll(await joinSoon(client, address), input)
  return failed === 0 && !isCutShort
}

/** Resolves when every line is stored or refused; a refusal is a line on the standard error. */
export const sayAll = async (room: Room, input: Readable): Promise<Said> => {
  // Nothing else ends the wait for a line that somebody types.
  const stop = room.on('state', (state) => {
    if (state === 'over') input.destroy()
  })
  let failed = 0
  let lastSeq = 0
  let number = 0
  try {
    for await (const line of linesOf(input)) {
      number++
      if (line === '') continue
      try {
        lastSeq = (await room.send(line)).seq
      } catch (error) {
        if (!(error instanceof ShareChatError)) throw error
        failed++
        process.stderr.write(`line ${number}: ${error.message}\n`)
      }
    }
  } catch (error) {
    if (room.state !== 'over') throw error
  } finally {
    stop()
  }
  return { failed, isCutShort: room.state === 'over', lastSeq }
}

/** The lines of a text, without their ends. Only line feeds end one. */
export async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of input.setEncoding('utf8')) {
    const [first = '', ...more] = String(chunk).split('\n')
    if (rest.length < MAX_LINE) rest += first
    for (const line of more) {
      yield rest.replace(/\r$/, '')
      rest = line
    }
  }
  if (rest !== '') yield rest.replace(/\r$/, '')
}
