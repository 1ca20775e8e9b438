import type { History, RoomView, Row } from './history.ts'

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

/** What a node tells of this log. */
export function viewOf(
  node: number,
  elements: readonly string[],
  members: readonly string[],
): RoomView {
  const messages = elements.map((text, at) => JSON.stringify({ seq: at + 1, ...JSON.parse(text) }))
  return { roomId: ROOM, node, elements, messages, members }
}

/** What the repository has of it. */
export function logOf(elements: readonly string[]) {
  const rows = elements.map((text, at) => ({ ...(JSON.parse(text) as Row), seq: at + 1 }))
  return { roomId: ROOM, rows }
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
    address: `127.0.0.${id + 1}`,
    asked: 0,
    opened: 0,
    frames: elements.map((text) => ({ at: timeOf(text), text: `${text}\n` })),
    said: said.map((text) => ({ at: 0, text })),
    end: undefined as History['visits'][number]['end'],
  }
}
