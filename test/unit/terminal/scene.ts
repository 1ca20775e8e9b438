import { createElement } from 'react'
import type { Frames } from '../../../src/terminal/frames.ts'
import type { Size } from '../../../src/terminal/layout.ts'
import type { Entry } from '../../../src/terminal/log-window.ts'
import { newPane, type Pane } from '../../../src/terminal/pane.ts'
import { inFront, startState, type State, withRoom } from '../../../src/terminal/state.ts'
import { View } from '../../../src/terminal/view.tsx'

export const YOU = { id: 'ca3d', name: 'Ok Echidna' }
export const OTHER = { id: 'ffde', name: 'Fantastic Wildfowl' }

export const room = (roomId: string, roomName: string): Pane =>
  newPane({
    roomId,
    roomName,
    topic: '',
    link: `http://localhost:8080/#${roomId}`,
    you: YOU,
    members: [YOU, OTHER],
    memberCount: 2,
    state: 'live',
  })

export const said = (seq: number, message: string, { id, name } = OTHER): Entry => ({
  seq,
  id: `id ${seq}`,
  memberId: id,
  memberName: name,
  type: 'chat',
  message,
  sent: new Date(2026, 10, 21, 11, 36).toISOString(),
})

/** In rooms `a` and `b`, `a` in front. */
export const inTwoRooms = (size: Size): State => {
  const state: State = { ...startState(size), connection: 'live' }
  const both = withRoom(withRoom(state, room('a', 'Precious Corner')), room('b', 'Imperfect Seat'))
  return inFront(both, 'a')
}

/** The lines of the screen, without colors. */
export const picture = (frames: Frames, state: State): readonly string[] =>
  frames
    .linesOf(createElement(View, { state }), state.size)
    .map((line) => line.replaceAll(COLOR, '').trimEnd())

const COLOR = new RegExp(String.raw`\u001b\[[\d;]*m`, 'gu')
