import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ShareChatError } from '../../../src/client/client.ts'
import type { OpenRooms } from '../open-rooms.ts'
import { texts } from '../texts.ts'

const LENGTH = 6

/** Takes the six digits that somebody has said, and opens the room that they lead to. */
export const CodeField = ({ rooms }: { readonly rooms: OpenRooms }): JSX.Element => {
  const [written, write] = useState('')
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const { home } = texts

  const open = async (): Promise<void> => {
    // People write them in groups.
    const code = written.replace(/[\s-]/g, '')
    if (!/^[0-9]{6}$/.test(code)) return setProblem(home.notACode)
    setBusy(true)
    setProblem('')
    try {
      location.hash = await rooms.takeCode(code)
    } catch (error) {
      const reason = error instanceof ShareChatError ? error.code : ''
      setProblem(home.codeFailed[reason] ?? home.codeFailedOtherwise)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) void open()
      }}
    >
      <label for="code">{home.code}</label>
      <div class="line">
        <input
          id="code"
          inputMode="numeric"
          autocomplete="off"
          maxLength={LENGTH + 2}
          placeholder="493027"
          value={written}
          aria-describedby="code-problem"
          onInput={({ currentTarget: { value } }) => write(value)}
        />
        <button type="submit" aria-disabled={isBusy}>
          {home.join}
        </button>
      </div>
      <p class="problem" role="alert" id="code-problem">
        {problem}
      </p>
    </form>
  )
}
