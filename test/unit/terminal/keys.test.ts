import { expect, test } from 'vitest'
import { type Key, pasted, pressed, type Wish } from '../../../src/terminal/keys.ts'
import { currentPane, type State, withMessage, withoutRoom } from '../../../src/terminal/state.ts'
import { inTwoRooms, said } from './scene.ts'

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
  ['/new', { do: 'new' }],
  ['/members', { do: 'members' }],
  ['/help', { do: 'help' }],
  ['/quit', { do: 'quit' }],
] as const)('Enter: %s', ([line, wish]) => {
  const keyboard = new Keyboard().type(line).press('return')
  expect(keyboard.wishes).toEqual([wish])
  expect(keyboard.text).toBe('')
})

test.for(['/join', '/join a b', '/leave now', '/jion x', '/'])(
  'a command that is wrong is told, not said: %s',
  (line) => {
    const keyboard = new Keyboard().type(line).press('return')
    expect(keyboard.wishes).toEqual([])
    expect(keyboard.state.notice).not.toBe('')
    expect(keyboard.press('up').text).toBe(line)
  },
)

test('what was entered comes back, and what is being written is kept meanwhile', () => {
  const keyboard = new Keyboard().type('one').press('return').type('two').press('return').type('th')
  expect(keyboard.press('up').text).toBe('two')
  expect(keyboard.press('up', 'up').text).toBe('one')
  expect(keyboard.press('down', 'down').text).toBe('th')
  expect(keyboard.type('ree').text).toBe('three')
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
