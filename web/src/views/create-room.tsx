import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { OpenRooms } from '../open-rooms.ts'
import type { RoomWish } from '../requests.ts'
import { texts } from '../texts.ts'
import { textOf } from './form-text.ts'

const LONGEST_NAME = 80
const LONGEST_TOPIC = 300

/** The button that makes a room, and, for who asks, how it shall be. */
export const CreateRoom = ({ rooms }: { readonly rooms: OpenRooms }): JSX.Element => {
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const { create } = texts

  const make = async (form: HTMLFormElement): Promise<void> => {
    setBusy(true)
    setProblem('')
    try {
      location.hash = await rooms.create(wishOf(new FormData(form)))
    } catch (error) {
      setProblem(`${create.failed} ${error instanceof Error ? error.message : ''}`)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form
      class="create"
      // The server says what is wrong, also with a field that is not in sight.
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) void make(event.currentTarget)
      }}
    >
      <button type="submit" class="main" aria-disabled={isBusy}>
        {isBusy ? create.creating : create.button}
      </button>
      <details>
        <summary>{create.more}</summary>
        <label>
          {create.name}
          <input name="name" maxLength={LONGEST_NAME} autocomplete="off" />
        </label>
        <label>
          {create.topic}
          <input name="topic" maxLength={LONGEST_TOPIC} autocomplete="off" />
        </label>
        <label>
          {create.capacity}
          <input name="capacity" type="number" min={1} inputMode="numeric" />
        </label>
        <Choice name="public" label={create.public} hint={create.publicHint} />
        <Choice name="owner" label={create.owner} hint={create.ownerHint} />
      </details>
      <p class="problem" role="alert">
        {problem}
      </p>
    </form>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly hint: string
}

const Choice = ({ name, label, hint }: ChoiceProps): JSX.Element => (
  <div>
    <label class="choice">
      <input type="checkbox" name={name} aria-describedby={`${name}-hint`} />
      {label}
    </label>
    <p class="hint" id={`${name}-hint`}>
      {hint}
    </p>
  </div>
)

/** What is not filled in is not wished for. */
const wishOf = (fields: FormData): RoomWish => {
  const name = textOf(fields, 'name')
  const topic = textOf(fields, 'topic')
  const capacity = textOf(fields, 'capacity')
  return {
    ...(name !== '' && { name }),
    ...(topic !== '' && { topic }),
    ...(capacity !== '' && { capacity: Number(capacity) }),
    ...(fields.has('public') && { public: true }),
    ...(fields.has('owner') && { owner: true }),
  }
}
