import { expect, test } from 'vitest'
import { readNewArgs, readRoomArgs, readNoArgs, readTailArgs } from '../../../src/cli/args.ts'
import { UsageError } from '../../../src/stress/usage-error.ts'

const ID = 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8'
const DEFAULT = 'http://localhost:8080'

test.for([
  [[`https://chat.example/#${ID}`], {}, 'https://chat.example'],
  [[`http://chat.example:81/base/#${ID}`], {}, 'http://chat.example:81/base'],
  [[ID], {}, DEFAULT],
  [[ID], { SHARECHAT_URL: '' }, DEFAULT],
  [[ID], { SHARECHAT_URL: 'http://env:1/' }, 'http://env:1'],
  [['--url', 'http://a', ID], { SHARECHAT_URL: 'http://env' }, 'http://a'],
  [[`http://chat.example/#${ID}`, '--url', 'http://a'], {}, 'http://a'],
  [[`http://chat.example/#${ID}`], { SHARECHAT_URL: 'http://env' }, 'http://chat.example'],
] as const)('a room and its server: %j', ([argv, env, url]) => {
  expect(readRoomArgs(argv, env)).toEqual({ roomId: ID, url })
})

test('new: the server as an argument, as --url, or from the environment', () => {
  expect(readNewArgs([], {})).toEqual({ url: DEFAULT, print: false, code: false })
  expect(readNewArgs(['https://a/', '--print'], {})).toEqual({
    url: 'https://a',
    print: true,
    code: false,
  })
  expect(readNewArgs(['--url', 'http://a/#x', '--code'], {})).toEqual({
    url: 'http://a',
    print: false,
    code: true,
  })
})

test('tail: where to begin', () => {
  const room = { roomId: ID, url: DEFAULT }
  expect(readTailArgs([ID], {})).toEqual({ ...room, after: undefined, json: false })
  expect(readTailArgs([ID, '--all'], {})).toEqual({ ...room, after: 0, json: false })
  expect(readTailArgs([ID, '--after', '7', '--json'], {})).toEqual({
    ...room,
    after: 7,
    json: true,
  })
})

test('--help comes before everything that is missing', () => {
  expect(readNoArgs(['--help'])).toBeUndefined()
  expect(readNewArgs(['-h', 'nonsense'], {})).toBeUndefined()
  expect(readRoomArgs(['--help'], {})).toBeUndefined()
  expect(readTailArgs(['-h'], {})).toBeUndefined()
})

test.for<
  readonly [(argv: readonly string[], env: Record<string, string>) => unknown, readonly string[]]
>([
  [readNewArgs, ['localhost:8080']],
  [readNewArgs, ['http://a', 'http://b']],
  [readNewArgs, ['http://a', '--url', 'http://b']],
  [readRoomArgs, []],
  [readRoomArgs, ['room']],
  [readRoomArgs, [ID.toUpperCase()]],
  [readRoomArgs, ['http://chat.example/#']],
  [readRoomArgs, [ID, 'hello']],
  [readRoomArgs, [ID, '--url', 'ftp://a']],
  [readRoomArgs, [ID, '--all']],
  [readTailArgs, [ID, '--after', '-1']],
  [readTailArgs, [ID, '--after', 'x']],
  [readTailArgs, [ID, '--after', '1.5']],
  [readTailArgs, [ID, '--all', '--after', '1']],
  [readNoArgs, ['--port', '9000']],
  [readNoArgs, ['9000']],
])('a command line that is wrong is refused with one sentence: %s %j', ([read, argv]) => {
  expect(() => read(argv, {})).toThrow(UsageError)
  expect(() => read(argv, {})).toThrow(/^[A-Z-][^\n]*\.$/)
})

test('a SHARECHAT_URL that is none is named', () => {
  expect(() => readNewArgs([], { SHARECHAT_URL: 'nonsense' })).toThrow(/^SHARECHAT_URL /)
})
