import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ShareChatError } from '../../../src/client/client.ts'
import type { OpenRoom } from '../open-room.ts'
import type { NewCode } from '../requests.ts'
import { texts } from '../texts.ts'

/** Six digits for who cannot be sent a link, made only when somebody asks for them. */
export const InviteCode = ({ room }: { readonly room: OpenRoom }): JSX.Element => {
  const [made, setMade] = useState<NewCode>()
  const [problem, setProblem] = useState('')
  const { invite } = texts

  const make = async (): Promise<void> => {
    setProblem('')
    try {
      setMade(await room.createCode())
    } catch (error) {
      const reason = error instanceof ShareChatError ? error.code : ''
      setProblem(invite.codeFailed[reason] ?? invite.codeFailedOtherwise)
    }
  }

  return (
    <div class="invite-code">
      <div role="status">
        {made && (
          <>
            <p>
              {invite.code} <strong class="code">{made.code}</strong>
            </p>
            <p class="hint">{invite.codeEnds(new Date(made.expiresAt))}</p>
          </>
        )}
      </div>
      {!made && (
        <button type="button" onClick={() => void make()}>
          {invite.getCode}
        </button>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
    </div>
  )
}
