const PATIENCE_MS = 10_000

export const isCode = (text: string): boolean => /^[0-9]{6}$/.test(text)

/**
 * The same with the id of the room where a code stood.
 * @throws Error with a sentence for the user
 */
export const withRoomId = async <Args extends { readonly url: string; readonly roomId: string }>(
  args: Args,
): Promise<Args> =>
  isCode(args.roomId)
    ? { ...args, roomId: await ask(args.url, 'GET', `codes/${args.roomId}`, 'roomId') }
    : args

/**
 * A new code that leads to a room, for ten minutes.
 * @throws Error with a sentence for the user
 */
export const newCode = (url: string, roomId: string): Promise<string> =>
  ask(url, 'POST', `room/${roomId}/codes`, 'code')

/** @returns a field of the answer */
const ask = async (url: string, method: string, path: string, field: string): Promise<string> => {
  let answer: Readonly<Record<string, unknown>>
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await fetch(`${url}/api/${path}`, { method, signal })
    answer = (await response.json()) as Readonly<Record<string, unknown>>
  } catch {
    throw new Error('No server answers.')
  }
  const value = answer[field]
  if (typeof value === 'string') return value
  const { message } = (answer['error'] ?? {}) as { readonly message?: string }
  throw new Error(message ?? 'This server knows no codes.')
}
