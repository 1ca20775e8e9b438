import { render } from 'preact'
import { connect } from '../../src/client/client.ts'
import { Announcer } from './announcer.ts'
import { Changes } from './changes.ts'
import { KeptRooms } from './kept-rooms.ts'
import { Notices } from './notices.ts'
import { OpenRooms } from './open-rooms.ts'
import { OwnerTokens } from './owner-tokens.ts'
import { Requests } from './requests.ts'
import { texts } from './texts.ts'
import { Page } from './views/page.tsx'

/** With the next frame; a page that nobody looks at has none. */
const soon = (then: () => void): void => {
  const late = setTimeout(() => {
    cancelAnimationFrame(frame)
    then()
  }, 250)
  const frame = requestAnimationFrame(() => {
    clearTimeout(late)
    then()
  })
}

const changes = new Changes(soon)
const announcer = new Announcer(changes.tell)
const notices = new Notices(changes.tell)
const rooms = new OpenRooms({
  connect: () => connect(location.href),
  requests: new Requests(location.href),
  tokens: new OwnerTokens(() => sessionStorage),
  changed: changes.tell,
  onUnread: (room) => notices.show(room),
  onHeard: (message) => announcer.hear(message),
  onChanged: (id) => announcer.forget(id),
})
/** As long as this tab: a reload comes back to its rooms. */
const ofTab = new KeptRooms(() => sessionStorage)
/** Longer, if somebody has asked for it. */
const remembered = new KeptRooms(() => localStorage)

const keep = (): void => {
  ofTab.keep(rooms.all)
  const before = remembered.rooms
  if (!before) return
  const joined = rooms.all.filter(({ name }) => name !== '')
  const isOpen = new Set(rooms.all.map(({ id }) => id))
  const gone = new Set(rooms.all.flatMap(({ id, end }) => (end === 'not_found' ? [id] : [])))
  const others = before.filter(({ id }) => !isOpen.has(id))
  remembered.keep([...joined.filter(({ id }) => !gone.has(id)), ...others])
}

const page = document.querySelector('#page')
if (page) {
  const draw = (): void => {
    const { shown, unread } = rooms
    const title = shown?.name ? `${shown.name} · ${texts.product}` : texts.product
    document.title = unread > 0 ? `(${unread}) ${title}` : title
    keep()
    render(<Page {...{ rooms, announcer, notices, remembered, changed: changes.tell }} />, page)
  }
  // What was shown until now is for browsers that do not come to here.
  page.textContent = ''
  for (const { id } of ofTab.rooms ?? []) rooms.open(id)
  rooms.look(document.visibilityState === 'visible')
  rooms.show(location.href)
  // Now, not with the next frame: who sees the page can use it.
  draw()
  changes.on(draw)
  addEventListener('hashchange', () => rooms.show(location.href))
  document.addEventListener('visibilitychange', () =>
    rooms.look(document.visibilityState === 'visible'),
  )
}
