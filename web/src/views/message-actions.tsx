import type { JSX, TargetedKeyboardEvent } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Message } from '../../../src/client/client.ts'
import type { MessageChange, OpenChange } from '../message-change.ts'
import { texts } from '../texts.ts'

export interface MessageActionsProps {
  readonly message: Message
  readonly change: MessageChange
  readonly what: readonly OpenChange['what'][]
  /** One row is in the order of Tab; the arrow keys lead to the others. */
  readonly isTabStop: boolean
}

/** What can be done to a message. */
export const MessageActions = (props: MessageActionsProps): JSX.Element => {
  const { message, change, what, isTabStop } = props
  return (
    <div class="actions">
      {what.map((action) => (
        <button
          key={action}
          type="button"
          data-action={action}
          tabIndex={isTabStop ? 0 : -1}
          aria-describedby={`text-${message.seq}`}
          onKeyDown={step}
          onClick={() => change.begin(action, message)}
        >
          {texts.change[action]}
        </button>
      ))}
    </div>
  )
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 }

/** To the same button of the next message that has one. */
const step = (event: TargetedKeyboardEvent<HTMLButtonElement>): void => {
  const by = STEPS[event.key]
  if (by === undefined) return
  event.preventDefault()
  const { currentTarget: button } = event
  const action = `[data-action=${button.dataset['action'] ?? ''}]`
  const all = Array.from(button.closest('ol')?.querySelectorAll<HTMLElement>(action) ?? [])
  all[all.indexOf(button) + by]?.focus()
}

interface ChangeFormProps {
  readonly change: MessageChange
  readonly current: OpenChange
}

/** In the place of the message: its text to be written anew, or the question whether to delete it. */
export const ChangeForm = ({ change, current }: ChangeFormProps): JSX.Element => {
  const { what, text, state, code } = current
  const first = useRef<HTMLTextAreaElement & HTMLButtonElement>(null)
  const form = useRef<HTMLFormElement>(null)
  const isSaving = state === 'saving'
  // Not after the draw: whoever sees it can answer it.
  useLayoutEffect(() => {
    first.current?.focus()
    form.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <form
      ref={form}
      class="change"
      onSubmit={(event) => {
        event.preventDefault()
        void change.save()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        change.cancel()
      }}
    >
      {what === 'edit' ? (
        <textarea
          ref={first}
          rows={1}
          dir="auto"
          aria-label={texts.change.label}
          value={text}
          readOnly={isSaving}
          onInput={({ currentTarget: { value } }) => change.write(value)}
          onKeyDown={(event) => {
            // While a word is being composed, Enter takes it.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            void change.save()
          }}
        />
      ) : (
        <p>{texts.change.sure}</p>
      )}
      <div class="line">
        <button ref={what === 'edit' ? null : first} type="submit" class="main">
          {isSaving
            ? texts.change.saving
            : what === 'edit'
              ? texts.change.save
              : texts.change.delete}
        </button>
        <button type="button" onClick={() => change.cancel()}>
          {texts.change.cancel}
        </button>
      </div>
      <p class="problem" role="alert">
        {state === 'failed' && (texts.change.failed[code ?? ''] ?? texts.change.failedOtherwise)}
      </p>
    </form>
  )
}
