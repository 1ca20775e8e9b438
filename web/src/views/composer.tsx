import type { JSX } from 'preact/jsx-runtime'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { OpenRoom } from '../open-room.ts'
import type { Outgoing } from '../outgoing.ts'
import { texts } from '../texts.ts'

/** What is on its way, who is typing, and the field in which to write. */
export const Composer = ({ room }: { readonly room: OpenRoom }): JSX.Element => {
  const [text, setText] = useState(room.draft)
  const field = useRef<HTMLTextAreaElement>(null)
  const write = (written: string): void => {
    room.draft = written
    setText(written)
  }
  const send = (): void => {
    if (text.trim() === '' || !room.hasJoined) return
    room.send(text)
    write('')
    field.current?.focus()
  }
  useEffect(() => {
    // On a phone it would open the keyboard over the room.
    if (matchMedia('(hover: hover)').matches) field.current?.focus()
  }, [])
  return (
    <div class="composer">
      {room.outgoing.all.length > 0 && (
        <ul class="outgoing" aria-live="polite">
          {room.outgoing.all.map((outgoing) => (
            <OutgoingRow key={outgoing.key} {...{ room, outgoing }} />
          ))}
        </ul>
      )}
      <Typing names={room.typists.names} />
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={texts.composer.label}
          placeholder={texts.composer.placeholder}
          enterkeyhint="send"
          value={text}
          onInput={({ currentTarget: { value } }) => {
            write(value)
            if (value !== '') room.typing()
          }}
          onKeyDown={(event) => {
            // While a word is being composed, Enter takes it.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        <button type="submit" class="main">
          {texts.composer.send}
        </button>
      </form>
    </div>
  )
}

interface OutgoingRowProps {
  readonly room: OpenRoom
  readonly outgoing: Outgoing
}

const OutgoingRow = ({ room, outgoing }: OutgoingRowProps): JSX.Element => {
  const { key, text, state, code } = outgoing
  const { composer } = texts
  const waits = room.state === 'live' ? composer.sending : composer.waiting
  const failure = composer.failed[code ?? ''] ?? composer.failedOtherwise
  return (
    <li class={state}>
      <div class="text" dir="auto">
        {text}
      </div>
      <div class="fate">
        {state === 'failed' ? failure : state === 'stored' ? composer.sent : waits}
        {state === 'failed' && (
          <>
            <button type="button" onClick={() => room.sendAgain(key)}>
              {composer.retry}
            </button>
            <button type="button" onClick={() => room.outgoing.discard(key)}>
              {composer.discard}
            </button>
          </>
        )}
      </div>
    </li>
  )
}

const Typing = ({ names }: { readonly names: readonly string[] }): JSX.Element => {
  const [first, second] = names
  return (
    <p class="typing">
      {names.length > 2 && texts.room.severalTyping}
      {names.length > 0 && names.length <= 2 && (
        <>
          <bdi>{first}</bdi>
          {second !== undefined && (
            <>
              {' '}
              {texts.room.and} <bdi>{second}</bdi>
            </>
          )}{' '}
          {texts.room.typing(names.length)}
        </>
      )}
    </p>
  )
}
