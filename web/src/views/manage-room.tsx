import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { RoomChange, RoomInfo } from '../requests.ts'
import type { RoomOwner } from '../room-owner.ts'
import { texts } from '../texts.ts'
import { textOf } from './form-text.ts'
import { refusalOf } from './owner-refusal.ts'

export interface ManageRoomProps {
  readonly owner: RoomOwner
  readonly onClose: () => void
}

/** What the owner may change of a room, and its end. */
export const ManageRoom = ({ owner, onClose }: ManageRoomProps): JSX.Element => {
  const dialog = useRef<HTMLDialogElement>(null)
  const [info, setInfo] = useState<RoomInfo>()
  const [said, say] = useState('')
  const [problem, setProblem] = useState('')
  const [isEnding, setEnding] = useState(false)

  const attempt = async (what: () => Promise<void>): Promise<boolean> => {
    say('')
    setProblem('')
    try {
      await what()
      return true
    } catch (error) {
      setProblem(refusalOf(error))
      return false
    }
  }
  useEffect(() => {
    dialog.current?.showModal()
    void attempt(async () => setInfo(await owner.info()))
  }, [])
  const change = (wish: RoomChange): Promise<boolean> =>
    attempt(async () => {
      const { capacity, roomName, slowMode, topic } = await owner.change(wish)
      setInfo((known) => known && { ...known, capacity, roomName, slowMode, topic })
      say(texts.owner.saved)
    })
  // Shown at once, and taken back if it was not done: an answer to an earlier change says nothing of it.
  const turn = async (what: 'locked' | 'public', isOn: boolean): Promise<void> => {
    setInfo((known) => known && { ...known, [what]: isOn })
    if (!(await change({ [what]: isOn }))) setInfo((known) => known && { ...known, [what]: !isOn })
  }

  return (
    <dialog
      ref={dialog}
      aria-labelledby="manage"
      onClose={onClose}
      // Escape closes this one, not the panel too that it was opened from.
      onKeyDown={(event) => event.key === 'Escape' && event.stopPropagation()}
    >
      <h2 id="manage">{texts.owner.manage}</h2>
      {info && (
        <>
          <SettingsForm info={info} onSave={(wish) => void change(wish)} />
          {(['locked', 'public'] as const).map((what) => (
            <label key={what} class="choice">
              <input
                type="checkbox"
                checked={info[what]}
                onChange={({ currentTarget: { checked } }) => void turn(what, checked)}
              />
              {texts.owner[what]}
            </label>
          ))}
        </>
      )}
      <p class="hint" role="status">
        {said}
      </p>
      <p class="problem" role="alert">
        {problem}
      </p>
      {isEnding && <p>{texts.owner.sureToEnd}</p>}
      <div class="line">
        <button
          type="button"
          onClick={() => (isEnding ? void attempt(() => owner.end()) : setEnding(true))}
        >
          {isEnding ? texts.owner.endNow : texts.owner.end}
        </button>
        <button type="button" autofocus onClick={() => dialog.current?.close()}>
          {texts.invite.close}
        </button>
      </div>
    </dialog>
  )
}

interface SettingsFormProps {
  readonly info: RoomInfo
  /** Called with what is not as it was. */
  readonly onSave: (change: RoomChange) => void
}

const SettingsForm = ({ info, onSave }: SettingsFormProps): JSX.Element => {
  const { create, owner } = texts
  const first = useRef<HTMLInputElement>(null)
  // Not after the draw: whoever sees it writes into it.
  useLayoutEffect(() => first.current?.focus(), [])
  const save = (form: HTMLFormElement): void => {
    const fields = new FormData(form)
    const wish = {
      name: textOf(fields, 'name'),
      topic: textOf(fields, 'topic'),
      capacity: textOf(fields, 'capacity') === '' ? null : Number(textOf(fields, 'capacity')),
      slowMode: Number(textOf(fields, 'slowMode')),
    }
    const { roomName: name, topic, capacity, slowMode } = info
    const was: RoomChange = { name, topic, capacity, slowMode }
    const isNew = ([field, value]: readonly [string, unknown]): boolean =>
      value !== was[field as keyof RoomChange]
    onSave(Object.fromEntries(Object.entries(wish).filter(isNew)))
  }
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault()
        save(event.currentTarget)
      }}
    >
      <label>
        {create.name}
        <input
          ref={first}
          name="name"
          required
          maxLength={80}
          autocomplete="off"
          defaultValue={info.roomName}
        />
      </label>
      <label>
        {create.topic}
        <input name="topic" maxLength={300} autocomplete="off" defaultValue={info.topic} />
      </label>
      <label>
        {create.capacity}
        <input
          name="capacity"
          type="number"
          min={1}
          placeholder={owner.noCapacity}
          defaultValue={info.capacity ?? ''}
        />
      </label>
      <label>
        {owner.slowMode}
        <input
          name="slowMode"
          type="number"
          required
          min={0}
          max={3_600}
          defaultValue={info.slowMode}
        />
      </label>
      <button type="submit" class="main">
        {texts.change.save}
      </button>
    </form>
  )
}
