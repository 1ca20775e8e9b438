import type { Append, Appended, Rejection } from '../../ports/append.ts'
import { RoomError } from '../../ports/errors.ts'
import type {
  LoggedDeletion,
  LoggedEdit,
  LoggedMessage,
  LoggedSettings,
  LogRow,
  MemberId,
  MessageId,
  RoomId,
  RoomSettings,
  Seq,
  StoredType,
} from '../../ports/model.ts'

/** What every row of the log has. */
interface RowBase {
  readonly message_id: MessageId
  readonly room_id: RoomId
  readonly seq: Seq
  readonly member_id: MemberId
  readonly member_name: string
  readonly message: string
  readonly sent: number
}

export interface MessageRow extends RowBase {
  readonly type: StoredType
  readonly edited: number | null
  readonly deleted: number | null
  readonly removed: boolean | null
}

export interface ChangeRow extends RowBase {
  readonly type: 'edited' | 'deleted' | 'settings'
  /** The message that is changed, as it is now; null of settings. */
  readonly target: Seq | null
  readonly target_id: MessageId | null
  readonly target_message: string | null
}

/** A row of append_rows: `rejected` or the rest; null is what the entry said. */
export type AppendRow =
  | { readonly rejected: Exclude<Rejection, 'too_soon'> }
  | { readonly rejected: 'too_soon'; readonly more: { readonly waitMs: number } }
  | ({
      readonly rejected: null
      readonly seq: Seq
      readonly sent: number
      readonly member_name: string
      readonly type: StoredType | 'edited' | 'deleted' | null
      readonly more: {
        readonly target?: Seq
        readonly targetId?: MessageId
        readonly edited?: number | null
        readonly deleted?: number | null
      } | null
    } & { readonly [K in 'room_id' | 'member_id' | 'message']: RowBase[K] | null })

/** The columns of a room that are its settings. */
export interface SettingsRow {
  readonly name: string
  readonly topic: string
  readonly capacity: number | null
  readonly public: boolean
  readonly locked: boolean
  readonly slow_ms: number
}

export const toSettings = (row: SettingsRow): RoomSettings => ({
  name: row.name,
  topic: row.topic,
  capacity: row.capacity ?? undefined,
  public: row.public,
  locked: row.locked,
  slowMs: row.slow_ms,
})

export const toMessage = (row: MessageRow): LoggedMessage => {
  const message = {
    id: row.message_id,
    roomId: row.room_id,
    memberId: row.member_id,
    memberName: row.member_name,
    type: row.type,
    message: row.message,
    sent: row.sent,
    seq: row.seq,
  }
  if (row.edited === null && row.deleted === null && row.removed === null) return message
  return withChanges(row.removed === true ? { ...message, removed: true } : message, row)
}

/** What is null has not come to pass. */
const withChanges = (
  message: LoggedMessage,
  { edited, deleted }: { readonly edited?: number | null; readonly deleted?: number | null },
): LoggedMessage => ({
  ...message,
  ...(edited && { edited }),
  ...(deleted && { deleted }),
})

/** @param settings those that the room has now */
export const toLogRow = (row: MessageRow | ChangeRow, settings: SettingsRow): LogRow => {
  const { room_id: roomId, seq, sent } = row
  if (isMessage(row)) return toMessage(row)
  if (row.type === 'settings') return toSettingsRow({ roomId, seq, sent }, settings)
  return toChange(
    row.type,
    { roomId, seq, sent, id: row.target_id, target: row.target },
    row.target_message,
  )
}

const isMessage = (row: MessageRow | ChangeRow): row is MessageRow =>
  row.type !== 'edited' && row.type !== 'deleted' && row.type !== 'settings'

export const toSettingsRow = (
  base: Pick<LoggedSettings, 'roomId' | 'seq' | 'sent'>,
  settings: SettingsRow,
): LoggedSettings => ({ type: 'settings', ...base, ...toSettings(settings) })

/** @param message the text that the message has now: of one that was deleted since none */
const toChange = (
  type: 'edited' | 'deleted',
  {
    id,
    target,
    ...base
  }: Pick<LoggedEdit, 'roomId' | 'seq' | 'sent'> & {
    readonly id: MessageId | null
    readonly target: Seq | null
  },
  message: string | null,
): LoggedEdit | LoggedDeletion => {
  if (id === null || target === null || message === null) throw incomplete()
  const change = { ...base, id, target }
  return type === 'deleted' ? { type, ...change } : { type, ...change, message }
}

export const toAppended = (entry: Append, row: AppendRow | undefined): Appended => {
  if (row === undefined) throw incomplete()
  if (row.rejected === 'too_soon') return { rejected: row.rejected, waitMs: row.more.waitMs }
  if (row.rejected !== null) return { rejected: row.rejected }
  const { seq, sent, more } = row
  const type = row.type ?? entry.type
  const roomId = row.room_id ?? entry.roomId
  const message = row.message ?? ('message' in entry ? entry.message : '')
  if (type === 'edited' || type === 'deleted') {
    const change = {
      roomId,
      seq,
      sent,
      id: more?.targetId ?? null,
      target: more?.target ?? null,
    }
    return { change: toChange(type, change, message) }
  }
  const memberId = row.member_id ?? entry.memberId
  if (memberId === undefined) throw incomplete()
  const stored = {
    id: entry.messageId,
    roomId,
    memberId,
    memberName: row.member_name,
    type,
    message,
    sent,
    seq,
  }
  return { message: more === null ? stored : withChanges(stored, more) }
}

const incomplete = () => new RoomError('internal', 'The repository answered too little.')
