import { Writable } from 'node:stream'
import type { DestinationStream } from 'pino'
import { describe, expect, test } from 'vitest'
import { PinoLog } from '../../src/adapters/system/log.ts'
import { pretty } from '../../src/adapters/system/pretty.ts'
import { RoomError } from '../../src/ports/errors.ts'
import { RECORDED } from './recorded-errors.ts'

const written = (write: (log: PinoLog) => void, through = (sink: DestinationStream) => sink) => {
  let text = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  write(new PinoLog('debug', through(sink)))
  return text
}

const lineOf = (error: unknown) =>
  JSON.parse(written((log) => log.warn('it failed', { error }))) as {
    readonly error: Record<string, unknown>
  }

describe('log', () => {
  test('is lines of JSON with the event and its fields', () => {
    const text = written((log) => {
      log.info('listening', { port: 8080, mode: 'embedded' })
      log.error('it failed')
    })
    const [first, second] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(first).toMatchObject({ level: 'info', msg: 'listening', port: 8080, mode: 'embedded' })
    expect(second).toMatchObject({ level: 'error', msg: 'it failed' })
  })

  test('is words for a person at a terminal, errors with their causes below', () => {
    const cause = Object.assign(new Error('secret'), { code: '57P01', stack: 'Error: secret' })
    const error = new RoomError('unknown', 'The repository did not confirm.', cause)
    error.stack = 'RoomError: The repository did not confirm.\n    at place (/code.ts:1:2)'
    const text = written((log) => {
      log.info('listening', { port: 8080, mode: 'embedded' })
      log.warn('sweep failed', { error })
    }, pretty)
    expect(text.replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, '12:34:56.789').split('\n')).toEqual([
      '12:34:56.789 INFO  listening port=8080 mode=embedded',
      '12:34:56.789 WARN  sweep failed',
      '  RoomError unknown The repository did not confirm.',
      '    at place (/code.ts:1:2)',
      '    Error 57P01',
      '',
    ])
  })

  test.each(RECORDED)('tells nothing of what is in an error: $name', ({ error, secrets, code }) => {
    const line = lineOf(error)
    const { error: told } = line
    for (const secret of secrets) expect(JSON.stringify(line)).not.toContain(secret)
    expect(told['code']).toBe(code)
    expect(told['type']).toBeTypeOf('string')
  })

  test('tells the code and sentence of our own errors, and their causes', () => {
    const cause = Object.assign(new Error('secret'), { code: '57P01' })
    const { error } = lineOf(new RoomError('unknown', 'The repository did not confirm.', cause))
    expect(error).toMatchObject({
      type: 'RoomError',
      code: 'unknown',
      message: 'The repository did not confirm.',
      cause: { type: 'Error', code: '57P01' },
    })
  })

  test('tells nothing of the chain of causes but types, codes and places', () => {
    const chain = [1, 2, 3, 4, 5].reduce<Error>(
      (cause, depth) =>
        Object.assign(new Error(`a secret text\n    at secret (${depth})`, { cause }), {
          code: `E${depth}`,
          address: '10.1.2.3',
        }),
      new Error('a secret text'),
    )
    const text = written((log) => log.error('it failed', { error: chain }))
    expect(text).not.toMatch(/secret|10\.1\.2\.3/)
    expect(text.match(/"E\d"/g)).toEqual(['"E5"', '"E4"', '"E3"', '"E2"'])
  })

  test('tells no place of an error whose message was changed: the stack still has the old one', () => {
    const stack = 'Error: x\n    at y (/secret:1:2)\n    at z (/place.ts:1:2)'
    const error = Object.assign(new Error('y'), { stack })
    expect(lineOf(error).error).toEqual({ type: 'Error' })
  })

  test('tells where in the code it happened', () => {
    const { error } = lineOf(new Error('x'))
    expect(error['at']).toContainEqual(expect.stringContaining('log.test.ts'))
  })

  test('stops at three causes, so that a chain or a circle has an end', () => {
    const circle: Error & { cause?: unknown } = new Error('x')
    circle.cause = circle
    expect(JSON.stringify(lineOf(circle)).match(/"cause"/g)).toHaveLength(3)
  })
})
