import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { PinoLog } from '../../src/adapters/system/log.ts'
import { RoomError } from '../../src/ports/errors.ts'
import { RECORDED } from './recorded-errors.ts'

const written = (write: (log: PinoLog) => void): string => {
  let text = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  write(new PinoLog('debug', sink))
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
    expect(first).toMatchObject({ level: 30, msg: 'listening', port: 8080, mode: 'embedded' })
    expect(second).toMatchObject({ level: 50, msg: 'it failed' })
  })

  test.each(RECORDED)('tells nothing of what is in an error: $name', ({ error, secrets, code }) => {
    const { error: told } = lineOf(error)
    for (const secret of secrets) expect(JSON.stringify(told)).not.toContain(secret)
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
