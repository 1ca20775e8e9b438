import { isRef, isRoomId, isSeq } from './dialect.ts'
import type { FailedCode } from './events.ts'
import { parseFlatObject } from './flat-object.ts'

/** What a connection asks of a node, one of these per text frame. */
export type Command = JoinCommand | LeaveCommand | SendCommand | TypingCommand

/** Become a member of a room, or be the one again that `resume` names. */
export interface JoinCommand {
  readonly command: 'join'
  readonly roomId: string
  /** The last seq that is held of this room, 0 for none: what follows it is wanted. */
  readonly after?: number
  /** The `resume` of an earlier `room`. */
  readonly resume?: string
}

export interface LeaveCommand {
  readonly command: 'leave'
  readonly roomId: string
}

export interface SendCommand {
  readonly command: 'send'
  readonly roomId: string
  /** Names this text among all of this member's. The same again is the same message. */
  readonly ref: string
  readonly message: string
}

export interface TypingCommand {
  readonly command: 'typing'
  readonly roomId: string
}

/** Why a text is no command; `roomId` and `ref` as far as they could be read. */
export interface Refusal {
  readonly code: Extract<FailedCode, 'invalid' | 'not_found'>
  readonly message: string
  readonly roomId?: string
  readonly ref?: string
}

/** The fields that each command may have besides `command`. */
const FIELDS: Readonly<Record<Command['command'], readonly string[]>> = {
  join: ['roomId', 'after', 'resume'],
  leave: ['roomId'],
  send: ['roomId', 'ref', 'message'],
  typing: ['roomId'],
}

/**
 * Reads one text frame. Nothing is guessed: whatever is unknown, missing, there twice, or of another
 * type is refused. The text of a `send` is not judged here.
 * @returns the command, with no other fields than its type has, or why there is none
 */
export const parseCommand = (text: string): Command | Refusal => {
  const fields = parseFlatObject(text)
  if (!fields) return refusal('A command is one JSON object, each field once.')
  const { command, roomId, ref, message, after, resume } = fields
  if (!isName(command)) return refusal('There is no such command.')
  const known: Pick<Refusal, 'roomId' | 'ref'> = {
    ...(isRoomId(roomId) ? { roomId } : {}),
    ...(command === 'send' && isRef(ref) ? { ref } : {}),
  }
  const other = Object.keys(fields).some(
    (name) => name !== 'command' && !FIELDS[command].includes(name),
  )
  if (other) return refusal('This command has no such field.', known)
  if (typeof roomId !== 'string') return refusal('roomId is a text.', known)
  if (!isRoomId(roomId)) return { code: 'not_found', message: 'There is no such room.', ...known }
  if (command === 'leave' || command === 'typing') return { command, roomId }
  if (command === 'send') {
    if (!isRef(ref)) return refusal('ref is a text of 1 to 64 of A-Z a-z 0-9 _ -.', known)
    if (typeof message !== 'string') return refusal('message is a text.', known)
    return { command, roomId, ref, message }
  }
  if (after !== undefined && !isSeq(after)) return refusal('after is a seq, or 0.', known)
  if (resume !== undefined && !isRef(resume)) return refusal('resume is what `room` said.', known)
  return {
    command,
    roomId,
    ...(after === undefined ? {} : { after }),
    ...(resume === undefined ? {} : { resume }),
  }
}

const refusal = (message: string, known: Pick<Refusal, 'roomId' | 'ref'> = {}): Refusal => ({
  code: 'invalid',
  message,
  ...known,
})

const isName = (command: unknown): command is Command['command'] =>
  typeof command === 'string' && Object.hasOwn(FIELDS, command)
