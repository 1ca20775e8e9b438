import { expect, test } from 'vitest'
import { readArgs } from '../../../src/stress/args.ts'
import { UsageError } from '../../../src/stress/usage-error.ts'

const ID = 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8'

test('without options it is 100 members in a new room, one of whom sends, for 10 s', () => {
  expect(readArgs([])).toEqual({
    urls: [new URL('http://localhost:8080')],
    roomIds: [],
    rooms: 1,
    members: 100,
    senders: 1,
    pace: { window: 1 },
    textBytes: 64,
    seconds: 10,
    rampSeconds: 2,
    pids: [],
    json: false,
  })
})

test.for([
  [ID, 'http://localhost:8080'],
  [`http://chat.example:81/#${ID}`, 'http://chat.example:81'],
  [`ws://chat.example/api/serve/${ID}`, 'http://chat.example'],
])('a room is found by its id or its links: %s', ([room = '', url = '']) => {
  expect(readArgs(['--room', room])).toMatchObject({ roomIds: [ID], urls: [new URL(url)] })
})

test('urls that are given come before that of a link', () => {
  const args = ['--room', `http://chat.example/#${ID}`, '--url', 'http://a', '--url', 'http://b/x']
  expect(readArgs(args)).toMatchObject({ urls: [new URL('http://a'), new URL('http://b')] })
})

test.for([
  ['--unknown'],
  ['stray'],
  ['--members', '0'],
  ['--members', '1.5'],
  ['--members', 'many'],
  ['--members', ''],
  ['--rooms', '101'],
  ['--members', '10', '--rooms', '5', '--senders', '3'],
  ['--window', '1', '--rate', '1'],
  ['--room', ID, '--rooms', '2'],
  ['--room', 'http://chat.example/#'],
  ['--rate', '0'],
  ['--bytes', '31'],
  ['--seconds', '-1'],
  ['--pid', 'node'],
  ['--url', 'localhost:8080'],
  ['--url', 'https://chat.example'],
])('a command line that is wrong is refused with a sentence: %j', (argv) => {
  expect(() => readArgs(argv)).toThrow(UsageError)
  expect(() => readArgs(argv)).toThrow(/^[A-Z-].*[a-z').]/)
})
