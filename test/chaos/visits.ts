import type { Visit } from './history.ts'

/** A message as it stands on the wire and in history, or a change of one as it stands on the wire. */
export interface Message {
  /** Of a change: that of its message. */
  readonly id: string
  readonly memberId: string
  readonly type: 'chat' | 'joined' | 'left' | 'failed' | 'edited' | 'deleted'
  readonly message: string
  readonly sent: string
  /** In the JSON dialect; of a message that was changed before it was told. */
  readonly edited?: string
  readonly deleted?: string
}

export interface ReadFrame {
  readonly at: number
  readonly text: string
  readonly seq?: number
  readonly message: Message
}

/** A connection's frames, read. */
export interface ReadVisit {
  readonly visit: Visit
  /** Undefined if it ended before its first frame. */
  readonly memberId: string | undefined
  readonly stored: readonly ReadFrame[]
  readonly failed: readonly Message[]
}

export const readVisit = (visit: Visit): ReadVisit => {
  const frames = visit.frames.map((frame) => ({
    ...frame,
    message: JSON.parse(frame.text) as Message,
  }))
  return {
    visit,
    memberId: visit.json?.memberId ?? frames[0]?.message.memberId,
    stored: frames.filter(({ message }) => message.type !== 'failed'),
    failed: frames.flatMap(({ message }) => (message.type === 'failed' ? [message] : [])),
  }
}
