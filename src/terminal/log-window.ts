/** A message of the log as the screen needs it. */
export interface Entry {
  readonly seq: number
  readonly id: string
  readonly memberId: string
  readonly memberName: string
  readonly type: 'chat' | 'joined' | 'left'
  readonly message: string
  /** ISO 8601. */
  readonly sent: string
  /** When it got this text, as `sent`; absent: with the message. */
  readonly edited?: string
  /** When it was deleted; its text is empty then. */
  readonly deleted?: string
}

/** What came to pass with the message whose seq is `target`. */
export type EntryChange =
  | { readonly target: number; readonly message: string; readonly edited: string }
  | { readonly target: number; readonly deleted: string }

/** What is held of a room's log: a run of it, however long the room has been going on. */
export interface LogWindow {
  readonly entries: readonly Entry[]
  /** Whether the log has nothing before the first entry. */
  readonly atStart: boolean
  /** Whether the last entry is the newest of the log that is known. */
  readonly atEnd: boolean
  /** The newest seq that is known. */
  readonly lastSeq: number
}

const MAX_ENTRIES = 500
/** UTF-16 units of all texts: a text may have 16 KiB and more. */
const MAX_LENGTH = 512 * 1024

export const EMPTY_WINDOW: LogWindow = { entries: [], atStart: false, atEnd: true, lastSeq: 0 }

/**
 * A message that has just come. It is held only if everything between is.
 * @param pinned whether what is held must stay, because it is being read: a full window then holds
 *   no more
 */
export const withNext = (log: LogWindow, entry: Entry, pinned: boolean): LogWindow => {
  if (entry.seq <= log.lastSeq) return log
  const lastSeq = entry.seq
  const entries = [...log.entries, entry]
  if (!log.atEnd || (pinned && surplus(entries) > 0)) return { ...log, atEnd: false, lastSeq }
  return withoutOldest({ ...log, entries, lastSeq })
}

/** A page of the log from before what is held; an empty one says that there is nothing. */
export const withOlder = (log: LogWindow, page: readonly Entry[]): LogWindow => {
  const first = log.entries[0]?.seq ?? Number.POSITIVE_INFINITY
  const older = page.filter(({ seq }) => seq < first)
  const all = [...older, ...log.entries]
  const kept = all.length - surplus(all.toReversed())
  const atStart = older.length === 0 || older[0]?.seq === 1
  if (kept === all.length) return { ...log, entries: all, atStart, lastSeq: newest(log, all) }
  return { ...log, entries: all.slice(0, kept), atStart, atEnd: false }
}

/** A page of the log from after what is held. */
export const withNewer = (log: LogWindow, page: readonly Entry[]): LogWindow => {
  const last = log.entries.at(-1)?.seq ?? 0
  const entries = [...log.entries, ...page.filter(({ seq }) => seq > last)]
  const lastSeq = newest(log, entries)
  // An empty page says that there is nothing, whatever was known before.
  const atEnd = page.length === 0 || entries.at(-1)?.seq === lastSeq
  return withoutOldest({ ...log, entries, lastSeq, atEnd })
}

/** The newest page of the log alone. */
export const withNewest = (log: LogWindow, page: readonly Entry[]): LogWindow =>
  withNewer({ ...log, entries: [], atStart: page[0]?.seq === 1 || page.length === 0 }, page)

/** The same with one entry as it is after a change, if it is held. */
export const withChange = (log: LogWindow, change: EntryChange): LogWindow => {
  const entries = changedEntries(log.entries, change)
  return entries === log.entries ? log : { ...log, entries }
}

/** Entries after a change, unless they are of later than that. */
export const changedEntries = (
  entries: readonly Entry[],
  change: EntryChange,
): readonly Entry[] => {
  const at = entries.findIndex(({ seq }) => seq === change.target)
  const held = entries[at]
  if (!held || held.deleted !== undefined) return entries
  if ('deleted' in change)
    return entries.with(at, { ...held, message: '', deleted: change.deleted })
  const { message, edited } = change
  // Who is told of the edit of a message that is deleted by now gets no text.
  if (message === '') return entries.with(at, { ...held, message, deleted: edited })
  if (held.edited !== undefined && held.edited > edited) return entries
  return entries.with(at, { ...held, message, edited })
}

const newest = (log: LogWindow, entries: readonly Entry[]): number =>
  Math.max(log.lastSeq, entries.at(-1)?.seq ?? 0)

const withoutOldest = (log: LogWindow): LogWindow => {
  const over = surplus(log.entries)
  return over === 0 ? log : { ...log, entries: log.entries.slice(over), atStart: false }
}

/** How many of the first entries are too many; the last may stay, whatever its length. */
const surplus = (entries: readonly Entry[]): number => {
  let length = entries.reduce((sum, { message }) => sum + message.length, 0)
  let over = Math.max(0, entries.length - MAX_ENTRIES)
  for (const { message } of entries.slice(0, over)) length -= message.length
  for (; length > MAX_LENGTH && over < entries.length - 1; over++) {
    length -= entries[over]?.message.length ?? 0
  }
  return over
}
