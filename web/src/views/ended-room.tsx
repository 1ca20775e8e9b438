import type { JSX } from 'preact/jsx-runtime'
import type { OpenRoom } from '../open-room.ts'
import { texts } from '../texts.ts'

/** What is shown of a room that is over, or that could not be joined. */
export const EndedRoom = ({
  room,
  onClose,
}: {
  readonly room: OpenRoom
  readonly onClose: () => void
}): JSX.Element => {
  const { heading, lead } = texts.ends[room.end ?? ''] ?? texts.endedOtherwise
  return (
    <main class="home">
      <div role="alert">
        <h1>{heading}</h1>
        <p class="lead">{lead}</p>
      </div>
      <div class="line">
        {room.end !== 'not_found' && (
          <button type="button" onClick={() => void room.join()}>
            {texts.retryJoin}
          </button>
        )}
        <button type="button" onClick={onClose}>
          {texts.toStart}
        </button>
      </div>
    </main>
  )
}
