import type { JSX } from 'preact/jsx-runtime'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Message } from '../../../src/client/client.ts'
import type { OpenRoom } from '../open-room.ts'
import { texts } from '../texts.ts'
import { MessageRow } from './message-row.tsx'

/** Messages of one member that are no further apart than this make a group. */
const GROUP_MS = 5 * 60_000
/** Nearer to the end than this is at the end, in CSS pixels. */
const AT_END = 40

/** What the view stands on: a row that stays where it is when others come and go. */
interface Anchor {
  readonly seq: number
  /** From the top of the view, in CSS pixels. */
  readonly top: number
}

/** The part of the log that is held, as long as it is; pages come as it is scrolled. */
export const LogView = ({ room }: { readonly room: OpenRoom }): JSX.Element => {
  const { log } = room
  const { current } = room.change
  const changeable = log.messages.findLast((message) => room.mayDelete(message))
  const changedSeq = useRef<number | undefined>(undefined)
  const marked = log.firstFrom(room.marker)
  const view = useRef<HTMLDivElement>(null)
  const anchor = useRef<Anchor | undefined>(undefined)
  const isAtEnd = useRef(true)
  /** Where somebody was led to; what was before this view was built is over. */
  const led = useRef(room.sought)

  const look = (): void => {
    const box = view.current
    if (!box) return
    const below = box.scrollHeight - box.scrollTop - box.clientHeight
    isAtEnd.current = below < AT_END && log.atEnd
    room.lookAtEnd(isAtEnd.current)
    anchor.current = anchorOf(box)
    if (log.loading || log.hasFailed) return
    // No more than a quarter of what is out of sight: what is let go of at one end for what comes at
    // the other would be near enough to be loaded again, and so on.
    const near = Math.min(box.clientHeight * 2, (box.scrollHeight - box.clientHeight) / 4)
    if (!log.atStart && box.scrollTop <= near) void log.older()
    else if (!log.atEnd && below <= near) void log.newer()
  }

  // After every draw, before anybody sees it.
  useLayoutEffect(() => {
    const box = view.current
    if (!box) return
    const row = led.current === room.sought ? undefined : rowOf(box, room.sought)
    if (row) {
      led.current = room.sought
      isAtEnd.current = false
      box.scrollTop = row.offsetTop - Math.max(0, box.clientHeight - row.offsetHeight) / 2
      row.focus({ preventScroll: true })
    } else if (isAtEnd.current && log.atEnd) box.scrollTop = box.scrollHeight
    else if (anchor.current) restore(box, anchor.current)
    anchor.current = anchorOf(box)
  })
  useEffect(() => {
    const box = view.current
    if (!box) return
    if (!log.atEnd) void log.toEnd()
    // As when a phone shows its keyboard.
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) box.scrollTop = box.scrollHeight
    })
    observer.observe(box)
    return () => {
      observer.disconnect()
      room.lookAtEnd(true)
    }
  }, [])
  // Who has changed a message goes on at that place, wherever it is by now.
  useLayoutEffect(() => {
    const seq = changedSeq.current
    changedSeq.current = current?.seq
    const box = view.current
    if (seq === undefined || current || !box || document.activeElement !== document.body) return
    const row = box.querySelector<HTMLElement>(`[data-seq="${seq}"] .actions button`)
    ;(row ?? box).focus()
  }, [current?.seq])
  // A page that was short leaves room for more.
  useEffect(look)

  const toEnd = async (): Promise<void> => {
    isAtEnd.current = true
    anchor.current = undefined
    await log.toEnd()
    const box = view.current
    if (box) box.scrollTop = box.scrollHeight
  }
  const toStart = async (): Promise<void> => {
    isAtEnd.current = false
    await log.toStart()
    anchor.current = undefined
    if (view.current) view.current.scrollTop = 0
  }

  return (
    <div class="log-frame">
      <div
        ref={view}
        class="log"
        role="log"
        aria-label={texts.room.log}
        // The page itself says what is new: this would also read out what was loaded.
        aria-live="off"
        aria-busy={log.loading !== undefined}
        tabIndex={0}
        onScroll={look}
        onKeyDown={(event) => {
          if (event.key !== 'Home' && event.key !== 'End') return
          if (event.target instanceof HTMLTextAreaElement) return
          event.preventDefault()
          void (event.key === 'Home' ? toStart() : toEnd())
        }}
      >
        <p class="note">
          {log.hasFailed ? (
            <>
              {texts.room.notLoaded}{' '}
              <button type="button" onClick={() => void log.again()}>
                {texts.room.again}
              </button>
            </>
          ) : log.atStart ? (
            texts.room.beginning
          ) : (
            texts.room.loading
          )}
        </p>
        <ol>
          {log.messages.map((message, at) => (
            <MessageRow
              key={message.seq}
              message={message}
              isFirst={isFirst(message, log.messages[at - 1]) || message.seq === marked}
              isNewDay={dayOf(message) !== dayOf(log.messages[at - 1])}
              isMarked={message.seq === marked}
              isMine={room.isMine(message)}
              isSought={message.seq === room.sought?.seq}
              change={room.change}
              current={current?.seq === message.seq ? current : undefined}
              mayEdit={room.mayEdit(message)}
              mayDelete={room.mayDelete(message)}
              isTabStop={message === changeable}
            />
          ))}
        </ol>
      </div>
      {(room.unread > 0 || !log.atEnd) && (
        <button type="button" class="to-newest" onClick={() => void toEnd()}>
          {room.unread > 0 ? texts.room.newMessages(room.unread) : texts.room.toNewest}{' '}
          <span aria-hidden="true">↓</span>
        </button>
      )}
    </div>
  )
}

const isFirst = (message: Message, before: Message | undefined): boolean =>
  message.type !== 'chat' ||
  before?.type !== 'chat' ||
  before.memberId !== message.memberId ||
  Date.parse(message.sent) - Date.parse(before.sent) > GROUP_MS ||
  dayOf(message) !== dayOf(before)

const dayOf = (message: Message | undefined): string =>
  message ? new Date(message.sent).toDateString() : ''

/** The first row that is in sight. */
const anchorOf = (box: HTMLElement): Anchor | undefined => {
  const rows = box.querySelectorAll<HTMLElement>('[data-seq]')
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle]
    if (row && row.offsetTop + row.offsetHeight > box.scrollTop) high = middle
    else low = middle + 1
  }
  const row = rows[low]
  return row && { seq: Number(row.dataset['seq']), top: row.offsetTop - box.scrollTop }
}

const rowOf = (box: HTMLElement, place: { readonly seq: number } | undefined) =>
  place && box.querySelector<HTMLElement>(`[data-seq="${place.seq}"]`)

const restore = (box: HTMLElement, anchor: Anchor): void => {
  const row = rowOf(box, anchor)
  const wanted = row && row.offsetTop - anchor.top
  if (wanted && Math.abs(wanted - box.scrollTop) >= 1) box.scrollTop = wanted
}
