import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from './deadline.ts'
import { createRoom, history } from './http.ts'
import { Member } from './member.ts'
import { inBothModes } from './modes.ts'
import { expectMessage, type WireMessage } from './wire.ts'

const WSCAT = fileURLToPath(new URL('../../node_modules/.bin/wscat', import.meta.url))

/** A command-line program that speaks WebSocket and knows nothing of this server. */
class Wscat {
  #printed = ''
  readonly #process

  constructor(url: string) {
    this.#process = spawn(process.execPath, [WSCAT, '--connect', url], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#printed += text
      })
    }
    onTestFinished(() => {
      this.#process.kill('SIGKILL')
    })
  }

  type(line: string): void {
    this.#process.stdin.write(`${line}\n`)
  }

  /** Ends the input, upon which it closes the connection. */
  endInput(): void {
    this.#process.stdin.end()
  }

  /** The messages that it has printed, a line each, once there are as many as wanted. */
  async prints(count: number): Promise<readonly WireMessage[]> {
    const lines = await eventually(
      `${count} lines of wscat`,
      () => Promise.resolve(this.#printed.match(/\{.*\}(?=\n)/g) ?? []),
      (found) => found.length >= count,
    )
    return lines.map((line) => expectMessage(line))
  }
}

inBothModes('wscat', (nodes) => {
  test('a program that nobody here wrote joins, talks, listens and leaves', async () => {
    const roomId = await createRoom(nodes.a)
    const other = await Member.join(nodes.b, roomId)
    const wscat = new Wscat(`ws://127.0.0.1:${nodes.a.port}/api/serve/${roomId}`)
    const [joined] = await wscat.prints(1)
    expect(joined).toMatchObject({ roomId, type: 'joined' })
    wscat.type('hello from a command line')
    expect((await wscat.prints(2))[1]).toMatchObject({
      memberId: joined!.memberId,
      type: 'chat',
      message: 'hello from a command line',
    })
    await other.untilChat('hello from a command line')
    await other.exchange('hello to a command line')
    expect((await wscat.prints(3))[2]).toMatchObject({ message: 'hello to a command line' })
    wscat.endInput()
    await other.untilLeft(joined!.memberId)
    const { elements } = await history(nodes.b, roomId)
    expect(elements.slice(1, 4)).toEqual((await wscat.prints(3)).map((m) => JSON.stringify(m)))
  })
})
