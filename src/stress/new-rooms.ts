const ANSWER_MS = 10_000
const AT_ONCE = 16

/**
 * Makes rooms over `POST /api/room`.
 * @returns their ids
 * @throws Error with a sentence, when the server does not make them all
 */
export const newRooms = async (
  url: URL,
  count: number,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const ids: string[] = []
  while (ids.length < count) {
    const next = Array.from({ length: Math.min(AT_ONCE, count - ids.length) })
    ids.push(...(await Promise.all(next.map(() => newRoom(url, signal)))))
  }
  return ids
}

const newRoom = async (url: URL, signal: AbortSignal): Promise<string> => {
  const answer = await fetch(new URL('/api/room', url), {
    method: 'POST',
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
  }).catch((cause: unknown) => {
    throw new Error(`${url.origin} does not answer.`, { cause })
  })
  const text = await answer.text()
  if (answer.status === 429) {
    throw new Error('The server makes no more rooms for this address: RATE_LIMIT=off lifts that.')
  }
  const id = /"roomId":"([^"]+)"/.exec(text)?.[1]
  if (answer.status === 200 && id !== undefined) return id
  throw new Error(`${url.origin} makes no room: it answers POST /api/room with ${answer.status}.`)
}
