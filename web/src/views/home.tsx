import type { JSX } from 'preact/jsx-runtime'
import { useEffect, useRef, useState } from 'preact/hooks'
import { readLink } from '../../../src/client/client.ts'
import type { KeptRooms } from '../kept-rooms.ts'
import type { OpenRooms } from '../open-rooms.ts'
import type { ListedRoom, PageOf } from '../requests.ts'
import { texts } from '../texts.ts'
import { CodeField } from './code-field.tsx'
import { CreateRoom } from './create-room.tsx'
import type { DirectoryProps } from './directory.tsx'
import { lateView } from './late-view.tsx'

const Directory = lateView<DirectoryProps>(async () => (await import('./directory.tsx')).Directory)

export interface HomeProps {
  readonly rooms: OpenRooms
  readonly remembered: KeptRooms
  /** Draws the page again. */
  readonly changed: () => void
}

/** The start page: one button, and fields for a link and a code. */
export const Home = ({ rooms, remembered, changed }: HomeProps): JSX.Element => {
  const [problem, setProblem] = useState('')
  const [listed, setListed] = useState<PageOf<ListedRoom>>()
  const link = useRef<HTMLInputElement>(null)
  const { home } = texts

  useEffect(() => {
    // Whoever cannot have the list can do everything else.
    rooms.list().then(setListed, () => {})
  }, [])

  const open = (written: string): void => {
    const id = readLink(written)?.roomId ?? readLink(`${location.origin}/#${written}`)?.roomId
    if (id === undefined) setProblem(home.notALink)
    else location.hash = id
  }

  return (
    <main class="home">
      <h1>{home.heading}</h1>
      <p class="lead">{home.lead}</p>
      <CreateRoom rooms={rooms} />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          open(link.current?.value.trim() ?? '')
        }}
      >
        <label for="link">{home.haveLink}</label>
        <div class="line">
          <input
            ref={link}
            id="link"
            aria-label={home.linkLabel}
            autocomplete="off"
            spellcheck={false}
            placeholder={`${location.origin}/#…`}
          />
          <button type="submit">{home.open}</button>
        </div>
        <p class="problem" role="alert">
          {problem}
        </p>
      </form>
      <CodeField rooms={rooms} />
      {listed && listed.items.length > 0 && <Directory rooms={rooms} first={listed} />}
      {(remembered.rooms?.length ?? 0) > 0 && (
        <section aria-labelledby="remembered">
          <h2 id="remembered">{home.remembered}</h2>
          <ul>
            {remembered.rooms?.map(({ id, name }) => (
              <li key={id}>
                <a href={`#${id}`}>
                  <bdi>{name}</bdi>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <label class="choice">
        <input
          type="checkbox"
          checked={remembered.rooms !== undefined}
          aria-describedby="remember-hint"
          onChange={({ currentTarget: { checked } }) => {
            if (checked) remembered.keep(rooms.all)
            else remembered.forget()
            changed()
          }}
        />
        {home.remember}
      </label>
      <p class="hint" id="remember-hint">
        {home.rememberHint}
      </p>
    </main>
  )
}
