import { expect, test } from 'vitest'
import {
  readJoinArgs,
  readNewArgs,
  readNoArgs,
  readRoomArgs,
  readRoomsArgs,
  readSearchArgs,
  readTailArgs,
} from '../../../src/cli/args.ts'
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

const NEW = { print: false, code: false, wish: {}, ownerFile: undefined }

test('new: the server as an argument, as --url, or from the environment; how the room is to be', () => {
  expect(readNewArgs([], {})).toEqual({ ...NEW, url: DEFAULT })
  expect(readNewArgs(['https://a/', '--print'], {})).toEqual({
    ...NEW,
    url: 'https://a',
    print: true,
  })
  expect(readNewArgs(['--url', 'http://a/#x', '--code'], {})).toEqual({
    ...NEW,
    url: 'http://a',
    code: true,
  })
  const wish = ['--name', 'Own', '--topic', '', '--capacity', '2', '--public', '--ttl', '60']
  expect(readNewArgs([...wish, '--owner', 'own.key'], {})).toEqual({
    ...NEW,
    url: DEFAULT,
    wish: { name: 'Own', topic: '', capacity: 2, public: true, ttl: 60, owner: true },
    ownerFile: 'own.key',
  })
})

test('join: the file of its owner; rooms: a server; search: a room and words', () => {
  expect(readJoinArgs([ID, '--owner', 'own.key'], {})).toEqual({
    url: DEFAULT,
    roomId: ID,
    ownerFile: 'own.key',
  })
  expect(readRoomsArgs(['http://a', '--json'], {})).toEqual({ url: 'http://a', json: true })
  expect(readSearchArgs([`http://a/#${ID}`, 'two', 'words'], {})).toEqual({
    url: 'http://a',
    roomId: ID,
    words: 'two words',
    json: false,
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
  [readNewArgs, ['--capacity', 'two']],
  [readNewArgs, ['--ttl', '-1']],
  [readNewArgs, ['--owner']],
  [readJoinArgs, []],
  [readRoomsArgs, ['http://a', 'http://b']],
  [readSearchArgs, [ID]],
  [readSearchArgs, [ID, ' ']],
])('a command line that is wrong is refused with one sentence: %s %j', ([read, argv]) => {
  expect(() => read(argv, {})).toThrow(UsageError)
  expect(() => read(argv, {})).toThrow(/^[A-Z-][^\n]*\.$/)
})

test('a SHARECHAT_URL that is none is named', () => {
  expect(() => readNewArgs([], { SHARECHAT_URL: 'nonsense' })).toThrow(/^SHARECHAT_URL /)
})
