import type { History } from './history.ts'

export const ROOM = 'room'

type Type = 'joined' | 'left' | 'chat' | 'failed'

/** A message that was sent, and seen by everyone, `nth` times two seconds after the beginning. */
export function element(
  nth: number,
  memberId: string,
  type: Type,
  message = `${memberId} ${type}`,
) {
  const sent = new Date(nth * 2_000).toISOString()
  return JSON.stringify({ id: `id${nth}`, roomId: ROOM, memberId, type, message, sent })
}

export function timeOf(text: string): number {
  return Date.parse((JSON.parse(text) as { sent: string }).sent)
}

export function visit(
  id: number,
  node: number,
  elements: readonly string[],
  said: readonly string[],
) {
  return {
    id,
    roomId: ROOM,
    node,
    opened: 0,
    frames: elements.map((text) => ({ at: timeOf(text), text: `${text}\n` })),
    said: said.map((text) => ({ at: 0, text })),
    end: undefined as History['visits'][number]['end'],
  }
}
