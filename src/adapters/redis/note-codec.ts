import { isUtf8 } from 'node:buffer'
import type { MemberId, NodeId } from '../../ports/model.ts'
import type { Note } from '../../ports/queue.ts'
import { idAt, VERSION } from './run-codec.ts'

/*
 * A note on the wire between nodes, numbers big-endian:
 *
 *   1 byte    version, that of runs
 *   1 byte    kind (2: typing, 3: resumed, 4: changed)
 *   16 bytes  node id
 *   then of 2 and 3 the member id in 16 bytes, and of 2 its name in UTF-8, of 3 the attachment in 4 bytes
 */
const KIND_TYPING = 2
const KIND_RESUMED = 3
const KIND_CHANGED = 4
const KINDS: readonly (number | undefined)[] = [KIND_TYPING, KIND_RESUMED, KIND_CHANGED]
const MEMBER_AT = 18
const REST_AT = 34
const MAX_NAME_BYTES = 1_024

export const encodeNote = (from: NodeId, note: Note): Buffer => {
  if (note.kind === 'changed') return encoded(KIND_CHANGED, from)
  if (note.kind === 'typing') {
    return encoded(KIND_TYPING, from + note.member.id, Buffer.from(note.member.name))
  }
  const attachment = Buffer.alloc(4)
  attachment.writeUInt32BE(note.attachment)
  return encoded(KIND_RESUMED, from + note.memberId, attachment)
}

const encoded = (kind: number, ids: string, rest: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.of(VERSION, kind), Buffer.from(ids.replaceAll('-', ''), 'hex'), rest])

/**
 * What a payload says, if it is well formed; nothing is proven by that.
 * @returns the note; `ignored` for a kind or version that is none of these; undefined when malformed
 */
export const decodeNote = (
  payload: Buffer,
): { readonly from: NodeId; readonly note: Note } | 'ignored' | undefined => {
  const [version, kind] = payload
  if (version !== VERSION || !KINDS.includes(kind)) return 'ignored'
  if (payload.length < MEMBER_AT) return undefined
  const from = idAt(payload, 2) as NodeId
  if (kind === KIND_CHANGED) {
    return payload.length === MEMBER_AT ? { from, note: { kind: 'changed' } } : undefined
  }
  if (payload.length <= REST_AT) return undefined
  const memberId = idAt(payload, MEMBER_AT) as MemberId
  const rest = payload.subarray(REST_AT)
  if (kind === KIND_TYPING) {
    if (rest.length > MAX_NAME_BYTES || !isUtf8(rest)) return undefined
    return { from, note: { kind: 'typing', member: { id: memberId, name: rest.toString() } } }
  }
  if (rest.length !== 4) return undefined
  return { from, note: { kind: 'resumed', memberId, attachment: rest.readUInt32BE() } }
}
