import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { eventually } from '../eventually.ts'

/** As `eventually`, but well before a unit test has had its time. */
export const until = (
  what: string,
  there: () => boolean | Promise<boolean>,
  ms = 5_000,
): Promise<void> => eventually(what, there, ms)

/** Gives the server time for what must not happen: as long as 100 requests take. */
export const meanwhile = async (port: number): Promise<void> => {
  for (let count = 0; count < 100; count += 1) {
    await (await fetch(`http://127.0.0.1:${port}/api/livez`)).text()
  }
}

/** A TCP connection that keeps what it gets. */
export class RawClient {
  readonly socket: Socket
  text = ''
  ended = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text) => {
      this.text += String(text)
    })
    this.socket.on('error', () => {})
    this.socket.on('end', () => {
      this.ended = true
    })
    this.socket.on('close', () => {
      this.ended = true
    })
    onTestFinished(() => {
      this.socket.destroy()
    })
  }

  send(...parts: readonly (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))))
  }

  /** Resolves when the server has closed, with everything it sent. */
  async all(): Promise<string> {
    await until(`end of ${JSON.stringify(this.text)}`, () => this.ended)
    return this.text
  }
}

export const HANDSHAKE = {
  Host: 'node',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

export const request = (
  line: string,
  headers: Readonly<Record<string, string | undefined>> = { Host: 'node' },
): string => {
  const lines = Object.entries(headers).map(([name, value]) =>
    value === undefined ? '' : `${name}: ${value}\r\n`,
  )
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** One masked frame as a client sends it. */
export const clientFrame = (opcode: number, content: string | Uint8Array = ''): Buffer => {
  const body = Buffer.from(content)
  if (body.length > 125) throw new Error('too long for this')
  const mask = Buffer.from([1, 2, 3, 4])
  const masked = body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask, masked])
}

/** A WebSocket that is open, with what it was sent. */
export const openWebSocket = async (
  port: number,
  path: string,
  protocols: readonly string[] = [],
): Promise<{ ws: WebSocket; frames: string[] }> => {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols])
  const frames: string[] = []
  ws.on('message', (data: Buffer) => frames.push(data.toString()))
  onTestFinished(() => ws.terminate())
  await new Promise((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  ws.on('error', () => {})
  return { ws, frames }
}

export const closed = (ws: WebSocket): Promise<{ code: number; reason: string }> =>
  new Promise((resolve) => {
    ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
