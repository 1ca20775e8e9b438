import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ShareChatError } from '../../../src/client/client.ts'
import type { RoomInfo } from '../requests.ts'
import type { RoomOwner } from '../room-owner.ts'
import { texts } from '../texts.ts'

/** What an owner is told when something was not done. */
export const refusalOf = (error: unknown): string => {
  const code = error instanceof ShareChatError ? error.code : ''
  return texts.owner.failed[code] ?? texts.owner.failedOtherwise
}

interface ManageRoomProps {
  readonly owner: RoomOwner
  readonly onClose: () => void
}

/** The owner's topic and lock, and the end of the room. */
export const ManageRoom = ({ owner, onClose }: ManageRoomProps): JSX.Element => {
  const dialog = useRef<HTMLDialogElement>(null)
  const topic = useRef<HTMLInputElement>(null)
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
  const change = async (wish: Parameters<RoomOwner['change']>[0]): Promise<boolean> => {
    const isDone = await attempt(() => owner.change(wish))
    if (isDone) say(texts.owner.saved)
    return isDone
  }
  // Shown at once, and taken back if it was not done: an answer to an earlier change says nothing of it.
  const lock = async (locked: boolean): Promise<void> => {
    setInfo((known) => known && { ...known, locked })
    if (!(await change({ locked }))) setInfo((known) => known && { ...known, locked: !locked })
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
          <form
            onSubmit={(event) => {
              event.preventDefault()
              void change({ topic: topic.current?.value.trim() ?? '' })
            }}
          >
            <label for="topic">{texts.create.topic}</label>
            <div class="line">
              <input ref={topic} id="topic" maxLength={300} defaultValue={info.topic} />
              <button type="submit">{texts.change.save}</button>
            </div>
          </form>
          <label class="choice">
            <input
              type="checkbox"
              checked={info.locked}
              onChange={({ currentTarget: { checked } }) => void lock(checked)}
            />
            {texts.owner.locked}
          </label>
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
        <button type="button" onClick={() => dialog.current?.close()}>
          {texts.invite.close}
        </button>
      </div>
    </dialog>
  )
}
