import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Listening } from './http.ts'

/** Says so many texts in a room. Resolves when all are stored; who said them stays until the test ends. */
export const fill = async (
  { port }: Listening,
  roomId: string,
  count: number,
  textOf: (n: number) => string,
): Promise<void> => {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/api/serve/${roomId}`)
  onTestFinished(() => ws.terminate())
  let sent = 0
  let stored = 0
  const send = (): void => {
    for (; sent < count && sent < stored + 1_000; sent += 1) ws.send(textOf(sent))
  }
  await new Promise<void>((resolve) => {
    ws.on('message', () => {
      stored += 1
      send()
      // The first is its own joined.
      if (stored === count + 1) resolve()
    })
  })
}
