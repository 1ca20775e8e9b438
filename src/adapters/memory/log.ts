import type {
  LoggedMessage,
  LogRow,
  MessageId,
  RoomId,
  RoomSettings,
  Seq,
} from '../../ports/model.ts'

/** A change as it is stored: without a text. `target` is the seq of the message; 0: the settings. */
export interface StoredChange {
  readonly type: 'edited' | 'deleted' | 'settings'
  readonly id: MessageId
  readonly roomId: RoomId
  readonly seq: Seq
  readonly sent: number
  readonly target: Seq
}

/** A row as it is stored; a message is replaced by its changed self. */
export type StoredRow = LoggedMessage | StoredChange

export const isMessage = (row: StoredRow): row is LoggedMessage => !('target' in row)

/** A row as it is told: an edit with the text that its message has now. */
export const toLogRow = (
  row: StoredRow,
  log: readonly StoredRow[],
  settings: RoomSettings,
): LogRow => {
  if (isMessage(row)) return row
  const { roomId, seq, sent, target } = row
  if (row.type === 'settings') return { type: 'settings', roomId, seq, sent, ...settings }
  const changed = log[target - 1]
  if (changed === undefined || !isMessage(changed)) throw new Error('a change has no message')
  const change = { roomId, seq, sent, id: changed.id, target }
  return row.type === 'deleted'
    ? { type: 'deleted', ...change }
    : { type: 'edited', ...change, message: changed.message }
}
