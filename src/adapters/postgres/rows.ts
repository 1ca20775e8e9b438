import { RoomError } from '../../ports/errors.ts'
import type {
  LoggedMessage,
  MemberId,
  MessageId,
  RoomId,
  Seq,
  StoredType,
} from '../../ports/model.ts'
import type { Append, Appended, Rejection } from '../../ports/repository.ts'

export interface LogRow {
  readonly message_id: MessageId
  readonly room_id: RoomId
  readonly seq: Seq
  readonly member_id: MemberId
  readonly member_name: string
  readonly type: StoredType
  readonly message: string
  readonly sent: number
}

/** A row of append_batch: `rejected` or the rest; null is what the entry said. */
export type AppendRow =
  | { readonly rejected: Rejection }
  | ({
      readonly rejected: null
      readonly seq: Seq
      readonly sent: number
      readonly member_name: string
    } & { readonly [K in 'type' | 'room_id' | 'member_id' | 'message']: LogRow[K] | null })

export const toMessage = (row: LogRow): LoggedMessage => ({
  id: row.message_id,
  roomId: row.room_id,
  memberId: row.member_id,
  memberName: row.member_name,
  type: row.type,
  message: row.message,
  sent: row.sent,
  seq: row.seq,
})

export const toAppended = (entry: Append, row: AppendRow | undefined): Appended => {
  if (row === undefined) throw new RoomError('internal', 'The repository answered too little.')
  if (row.rejected !== null) return { rejected: row.rejected }
  return {
    message: {
      id: entry.messageId,
      roomId: row.room_id ?? entry.roomId,
      memberId: row.member_id ?? entry.memberId,
      memberName: row.member_name,
      type: row.type ?? entry.type,
      message: row.message ?? (entry.type === 'chat' ? entry.message : ''),
      sent: row.sent,
      seq: row.seq,
    },
  }
}
