import { expect, test } from 'vitest'
import { type Key, pasted, pressed, type Wish } from '../../../src/terminal/keys.ts'
import {
  currentPane,
  type State,
  withMessage,
  withoutRoom,
  withUnconfirmed,
} from '../../../src/terminal/state.ts'
import { inTwoRooms, said, YOU } from './scene.ts'

const SIZE = { columns: 40, rows: 12 }

/** Types texts and presses keys, such as `ctrl-u`; gives what is to be done. */
class Keyboard {
  readonly wishes: Wish[] = []
  constructor(public state: State = inTwoRooms(SIZE)) {}

  type(text: string): this {
    for (const character of text) this.#press(character, { name: character, sequence: character })
    return this
  }

  press(...names: readonly string[]): this {
    for (const whole of names) {
      const [, modifier, name = ''] = /^(?:(ctrl|meta|shift)-)?(.+)$/.exec(whole) ?? []
      this.#press(undefined, { name, ...(modifier ? { [modifier]: true } : {}) })
    }
    return this
  }

  paste(text: string): this {
    this.state = pasted(this.state, text).state
    return this
  }

  #press(text: string | undefined, key: Key): void {
    const { state, wish } = pressed(this.state, text, key)
    this.state = state
    if (wish && wish.do !== 'typing') this.wishes.push(wish)
  }

  get text(): string {
    return this.state.line.text
  }
}

test.for([
  ['hello', { do: 'say', text: 'hello' }],
  [' ', { do: 'say', text: ' ' }],
  ['//help me', { do: 'say', text: '/help me' }],
  ['/join http://a/#b', { do: 'join', target: 'http://a/#b' }],
  ['/JOIN  b ', { do: 'join', target: 'b' }],
  ['/leave', { do: 'leave' }],
  ['/join 493027', { do: 'join', target: '493027' }],
  ['/new', { do: 'new', isOwned: false }],
  ['/new owner', { do: 'new', isOwned: true }],
  ['/rooms', { do: 'rooms' }],
  ['/info', { do: 'info' }],
  ['/code', { do: 'code' }],
  ['/search  two words ', { do: 'search', words: 'two words' }],
  ['/edit  as it is ', { do: 'edit', text: ' as it is ' }],
  ['/delete', { do: 'delete', name: undefined }],
  ['/delete Ok Echidna', { do: 'delete', name: 'Ok Echidna' }],
  ['/remove ok', { do: 'remove', name: 'ok' }],
  ['/name Own Corner', { do: 'change', changes: { name: 'Own Corner' } }],
  ['/topic Seats', { do: 'change', changes: { topic: 'Seats' } }],
  ['/topic off', { do: 'change', changes: { topic: '' } }],
  ['/lock', { do: 'change', changes: { locked: true } }],
  ['/unlock', { do: 'change', changes: { locked: false } }],
  ['/capacity 12', { do: 'change', changes: { capacity: 12 } }],
  ['/capacity off', { do: 'change', changes: { capacity: null } }],
  ['/slow 30', { do: 'change', changes: { slowMode: 30 } }],
  ['/slow off', { do: 'change', changes: { slowMode: 0 } }],
  ['/public on', { do: 'change', changes: { public: true } }],
  ['/end now', { do: 'end' }],
  ['/members', { do: 'members' }],
  ['/help', { do: 'help' }],
  ['/quit', { do: 'quit' }],
] as const)('Enter: %s', ([line, wish]) => {
  const keyboard = new Keyboard().type(line).press('return')
  expect(keyboard.wishes).toEqual([wish])
  expect(keyboard.text).toBe('')
})

test.for([
  ...['/join', '/join a b', '/leave now', '/jion x', '/', '/constructor', '/new x', '/search '],
  ...['/name', '/topic', '/lock now', '/capacity -1', '/capacity x', '/slow', '/public', '/end'],
])('a command that is wrong is told, not said: %s', (line) => {
  const keyboard = new Keyboard().type(line).press('return')
  expect(keyboard.wishes).toEqual([])
  expect(keyboard.state.notice).not.toBe('')
  expect(keyboard.press('up').text).toBe(line)
})

test('what was entered comes back, and what is being written is kept meanwhile', () => {
  const keyboard = new Keyboard().type('one').press('return').type('two').press('return').type('th')
  expect(keyboard.press('up').text).toBe('two')
  expect(keyboard.press('up', 'up').text).toBe('one')
  expect(keyboard.press('down', 'down').text).toBe('th')
  expect(keyboard.type('ree').text).toBe('three')
})

test('/edit alone brings back what was said last, to be changed', () => {
  const state = withMessage(
    withMessage(inTwoRooms(SIZE), 'a', said(1, 'one\nand two', YOU)),
    'a',
    said(2, 'of somebody else'),
  )
  const keyboard = new Keyboard(state).type('/edit').press('return')
  expect(keyboard.text).toBe('/edit one\nand two')
  expect(keyboard.press('return').wishes).toEqual([{ do: 'edit', text: 'one\nand two' }])
  // What is not confirmed yet was said after that.
  const waiting = new Keyboard(withUnconfirmed(state, 'a', 1, 'three')).type('/edit')
  expect(waiting.press('return').text).toBe('/edit three')
  const nothing = new Keyboard().type('/edit').press('return')
  expect(nothing.wishes).toEqual([{ do: 'edit', text: '' }])
})

test('a paste of several lines is one message', () => {
  const keyboard = new Keyboard().paste('one\r\ntwo\tthree\u001b[31m').press('return')
  expect(keyboard.wishes).toEqual([{ do: 'say', text: 'one\ntwo three[31m' }])
})

test('keys that nothing is known of do nothing', () => {
  const keyboard = new Keyboard().press('f5', 'ctrl-x', 'meta-q', 'constructor', 'insert')
  expect(keyboard.wishes).toEqual([])
  expect(keyboard.text).toBe('')
})

test('Ctrl-C quits; Ctrl-D does in an empty line, and else deletes', () => {
  const keyboard = new Keyboard().type('ab').press('ctrl-a', 'ctrl-d')
  expect(keyboard.text).toBe('b')
  expect(keyboard.press('ctrl-e', 'backspace', 'ctrl-d', 'ctrl-c').wishes).toEqual([
    { do: 'quit' },
    { do: 'quit' },
  ])
})

test('Tab and Alt-number turn to a room, and what was unread there is read', () => {
  const keyboard = new Keyboard(withMessage(inTwoRooms(SIZE), 'b', said(1, 'psst')))
  expect(keyboard.state.panes.map(({ unread }) => unread)).toEqual([0, 1])
  keyboard.press('tab')
  expect(currentPane(keyboard.state)).toMatchObject({ roomId: 'b', unread: 0 })
  expect(keyboard.press('tab').state.current).toBe('a')
  expect(keyboard.press('shift-tab').state.current).toBe('b')
  expect(keyboard.press('meta-1').state.current).toBe('a')
  expect(keyboard.press('meta-9').state.current).toBe('a')
})

test('a room that is left goes away, the next one is in front, and without one nothing is said', () => {
  const one = withoutRoom(inTwoRooms(SIZE), 'a')
  expect(one.current).toBe('b')
  const keyboard = new Keyboard(withoutRoom(one, 'b'))
    .type('hello')
    .press('return', 'tab', 'pageup')
  expect(keyboard.wishes).toEqual([])
  expect(keyboard.state.notice).toMatch(/no room/)
})

test('while one reads above, what comes is counted; Escape goes there', () => {
  let state = inTwoRooms(SIZE)
  for (let seq = 1; seq <= 30; seq++) state = withMessage(state, 'a', said(seq, `text ${seq}`))
  const keyboard = new Keyboard(state).press('pageup')
  expect(currentPane(keyboard.state)?.anchor).toEqual({ seq: 22, line: 0 })
  keyboard.state = withMessage(keyboard.state, 'a', said(31, 'new'))
  expect(currentPane(keyboard.state)).toMatchObject({ unread: 1, anchor: { seq: 22 } })
  keyboard.press('escape')
  expect(currentPane(keyboard.state)).toMatchObject({ unread: 0, anchor: undefined })
})
