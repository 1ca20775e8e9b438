import { isUtf8 } from 'node:buffer'
import type { MemberId, NodeId } from '../../ports/model.ts'
import type { Note } from '../../ports/queue.ts'
import { idAt, VERSION } from './run-codec.ts'

/*
 * A note on the wire between nodes, numbers big-endian:
 *
 *   1 byte    version, that of runs
 *   1 byte    kind (2: typing, 3: resumed)
 *   16 bytes  node id
 *   16 bytes  member id
 *   then of 2 the member's name in UTF-8, of 3 the attachment in 4 bytes
 */
const KIND_TYPING = 2
const KIND_RESUMED = 3
const HEADER_BYTES = 34
const MAX_NAME_BYTES = 1_024

export const encodeNote = (from: NodeId, note: Note): Buffer => {
  const typing = note.kind === 'typing'
  const rest = typing ? Buffer.from(note.member.name) : Buffer.alloc(4)
  if (!typing) rest.writeUInt32BE(note.attachment)
  const memberId = typing ? note.member.id : note.memberId
  return Buffer.concat([
    Buffer.of(VERSION, typing ? KIND_TYPING : KIND_RESUMED),
    Buffer.from((from + memberId).replaceAll('-', ''), 'hex'),
    rest,
  ])
}

/**
 * What a payload says, if it is well formed; nothing is proven by that.
 * @returns the note; `ignored` for a kind or version that is none of these; undefined when malformed
 */
export const decodeNote = (
  payload: Buffer,
): { readonly from: NodeId; readonly note: Note } | 'ignored' | undefined => {
  const [version, kind] = payload
  if (version !== VERSION || (kind !== KIND_TYPING && kind !== KIND_RESUMED)) return 'ignored'
  if (payload.length <= HEADER_BYTES) return undefined
  const from = idAt(payload, 2) as NodeId
  const memberId = idAt(payload, 18) as MemberId
  const rest = payload.subarray(HEADER_BYTES)
  if (kind === KIND_TYPING) {
    if (rest.length > MAX_NAME_BYTES || !isUtf8(rest)) return undefined
    return { from, note: { kind: 'typing', member: { id: memberId, name: rest.toString() } } }
  }
  if (rest.length !== 4) return undefined
  return { from, note: { kind: 'resumed', memberId, attachment: rest.readUInt32BE() } }
}
