import type { AppendDeletion, AppendEdit, Rejection } from '../../ports/append.ts'
import type { LoggedDeletion, LoggedEdit, LoggedMessage, MessageId } from '../../ports/model.ts'
import { isMessage, type StoredChange, type StoredRow, toLogRow } from './log.ts'
import type { StoredRoom } from './stored-room.ts'

type Judged =
  | { readonly message: LoggedMessage }
  | { readonly done: StoredChange }
  | { readonly rejected: Rejection }

/** What is to be changed, or, of a deletion, what did it already, or why it cannot be. */
export const judgeChange = (
  room: StoredRoom,
  entry: AppendEdit | AppendDeletion,
  messages: ReadonlyMap<MessageId, StoredRow>,
): Judged => {
  const message = messages.get(entry.target)
  const isHere = message?.roomId === room.id && isMessage(message) && message.type === 'chat'
  if (!isHere) return { rejected: 'message_gone' }
  if (entry.memberId !== undefined) {
    if (!room.members.has(entry.memberId)) return { rejected: 'member_gone' }
    if (message.memberId !== entry.memberId) return { rejected: 'not_yours' }
  }
  if (message.deleted === undefined) return { message }
  const done = room.deletions?.get(message.id)
  return done && entry.type === 'deleted' ? { done } : { rejected: 'message_gone' }
}

/** The message as it is after a change. */
export const changedBy = (
  message: LoggedMessage,
  entry: AppendEdit | AppendDeletion,
  sent: number,
): LoggedMessage =>
  Object.freeze(
    entry.type === 'edited'
      ? { ...message, message: entry.message, edited: sent }
      : { ...message, message: '', deleted: sent },
  )

/** A stored change as it is told now. */
export const toldChange = (room: StoredRoom, change: StoredChange): LoggedEdit | LoggedDeletion => {
  const row = toLogRow(change, room.log, room.settings)
  if (row.type !== 'edited' && row.type !== 'deleted') throw new Error('this changes no message')
  return row
}
