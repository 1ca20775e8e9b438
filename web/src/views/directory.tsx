import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { OpenRooms } from '../open-rooms.ts'
import type { ListedRoom, PageOf } from '../requests.ts'
import { texts } from '../texts.ts'

export interface DirectoryProps {
  readonly rooms: OpenRooms
  readonly first: PageOf<ListedRoom>
}

/** The rooms that everybody may find and join. */
export const Directory = ({ rooms, first }: DirectoryProps): JSX.Element => {
  const [{ items, hasMore }, setPage] = useState(first)
  const [problem, setProblem] = useState('')
  const list = useRef<HTMLUListElement>(null)
  /** Of the first room that has just come. */
  const readOn = useRef<number | undefined>(undefined)
  const { directory } = texts

  useLayoutEffect(() => {
    if (readOn.current === undefined) return
    list.current?.querySelectorAll('a')[readOn.current]?.focus()
    readOn.current = undefined
  }, [items])
  const more = async (): Promise<void> => {
    setProblem('')
    try {
      const next = await rooms.list(items.at(-1)?.roomId)
      readOn.current = items.length
      setPage({ items: [...items, ...next.items], hasMore: next.hasMore })
    } catch {
      setProblem(directory.failed)
    }
  }

  return (
    <section aria-labelledby="directory">
      <h2 id="directory">{directory.heading}</h2>
      <ul ref={list} class="directory">
        {items.map(({ roomId, roomName, topic, memberCount }) => (
          <li key={roomId}>
            <a href={`#${roomId}`}>
              <bdi>{roomName}</bdi>
            </a>{' '}
            <span class="hint">{texts.room.members(memberCount)}</span>
            {topic !== '' && (
              <p class="hint topic" dir="auto">
                {topic}
              </p>
            )}
          </li>
        ))}
      </ul>
      {hasMore && (
        <button type="button" onClick={() => void more()}>
          {directory.more}
        </button>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
    </section>
  )
}
