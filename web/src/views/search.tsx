import type { JSX, TargetedKeyboardEvent } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Message } from '../../../src/client/client.ts'
import { hueOf } from '../hue.ts'
import { markedParts } from '../marks.ts'
import { MessageSearch } from '../message-search.ts'
import type { OpenRoom } from '../open-room.ts'
import { texts } from '../texts.ts'
import { isSearchKey } from './search-key.ts'

export interface SearchProps {
  readonly room: OpenRoom
  /** Draws the page again. */
  readonly changed: () => void
  /** Called when somebody was led to a message that this is in front of. */
  readonly onLed: () => void
}

/** The most that a server takes. */
const LONGEST = 200
/** On a screen as narrow as this the search covers the room. */
const NARROW = '(max-width: 45rem)'

/** Finds messages of a room by their words, and leads to them. */
export const Search = ({ room, changed, onLed }: SearchProps): JSX.Element => {
  const search = (room.search ??= new MessageSearch(
    (words, before) => room.find(words, before),
    changed,
  ))
  const field = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLOListElement>(null)
  /** How many there were when older ones were asked for. */
  const readOn = useRef(Number.POSITIVE_INFINITY)

  // Not after the draw: whoever sees the field writes into it.
  useLayoutEffect(() => {
    const ask = (event?: KeyboardEvent): void => {
      if (event && !isSearchKey(event)) return
      field.current?.focus()
      field.current?.select()
    }
    ask()
    addEventListener('keydown', ask)
    return () => removeEventListener('keydown', ask)
  }, [])
  useLayoutEffect(() => {
    if (search.found.length <= readOn.current) return
    buttonsOf(list.current)[readOn.current]?.focus()
    readOn.current = Number.POSITIVE_INFINITY
  })

  const lead = ({ seq }: Message): void => {
    void room.seek(seq)
    if (matchMedia(NARROW).matches) onLed()
  }
  const more = (): void => {
    readOn.current = search.found.length
    void search.more()
  }
  return (
    <aside class="side search" aria-labelledby="search">
      <h2 id="search">{texts.search.heading}</h2>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          readOn.current = Number.POSITIVE_INFINITY
          void search.begin()
        }}
      >
        <div class="line">
          <input
            ref={field}
            dir="auto"
            autocomplete="off"
            enterkeyhint="search"
            maxLength={LONGEST}
            aria-label={texts.search.label}
            defaultValue={search.draft}
            onInput={({ currentTarget: { value } }) => {
              search.draft = value
            }}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowDown') return
              event.preventDefault()
              buttonsOf(list.current)[0]?.focus()
            }}
          />
          <button type="submit" class="main">
            {texts.search.heading}
          </button>
        </div>
      </form>
      <p class="hint" role="status">
        {search.state === 'searching' && search.found.length === 0 && texts.search.searching}
        {search.state === 'done' && texts.search.found(search.found.length, search.hasMore)}
      </p>
      <p class="problem" role="alert">
        {search.state === 'failed' &&
          (texts.search.failed[search.code ?? ''] ?? texts.search.failedOtherwise)}
      </p>
      <ol ref={list}>
        {search.found.map((message) => (
          <li key={message.seq}>
            <Found message={message} words={search.words} onPress={() => lead(message)} />
          </li>
        ))}
      </ol>
      {(search.hasMore || search.state === 'failed') && (
        <button type="button" aria-disabled={search.state === 'searching'} onClick={more}>
          {search.state === 'failed' ? texts.room.again : texts.search.more}
        </button>
      )}
    </aside>
  )
}

interface FoundProps {
  readonly message: Message
  readonly words: string
  readonly onPress: () => void
}

const Found = ({ message, words, onPress }: FoundProps): JSX.Element => {
  const sent = new Date(message.sent)
  return (
    <button type="button" onKeyDown={step} onClick={onPress}>
      <bdi class="name" style={{ '--hue': `${hueOf(message.memberId)}` }}>
        {message.memberName}
      </bdi>{' '}
      <time dateTime={message.sent} title={texts.time.full.format(sent)}>
        {texts.time.dayAndClock.format(sent)}
      </time>
      <span class="text" dir="auto">
        {markedParts(message.message, words).map(({ text, isMarked }) =>
          isMarked ? <mark>{text}</mark> : text,
        )}
      </span>
    </button>
  )
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 }

/** To the next result. */
const step = (event: TargetedKeyboardEvent<HTMLButtonElement>): void => {
  const by = STEPS[event.key]
  if (by === undefined) return
  event.preventDefault()
  const all = buttonsOf(event.currentTarget.closest('ol'))
  all[all.indexOf(event.currentTarget) + by]?.focus()
}

const buttonsOf = (list: HTMLElement | null): readonly HTMLElement[] =>
  Array.from(list?.querySelectorAll<HTMLElement>('button') ?? [])
