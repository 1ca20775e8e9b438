import Type, { type Static } from 'typebox'
import type { RoomInfo } from '../../ports/repository.ts'
import { isoTime } from './frames.ts'
import { toldSettings } from './json-frames.ts'

/** What is known of a room. */
export const Info = Type.Object({
  roomId: Type.String(),
  roomName: Type.String(),
  topic: Type.String(),
  messageCount: Type.Integer(),
  memberCount: Type.Integer(),
  /** Of its own. */
  capacity: Type.Union([Type.Integer(), Type.Null()]),
  locked: Type.Boolean(),
  public: Type.Boolean(),
  /** In seconds. */
  slowMode: Type.Number(),
  created: Type.String(),
  expires: Type.Union([Type.String(), Type.Null()]),
})

export const infoBody = (info: RoomInfo): Static<typeof Info> => ({
  roomId: info.id,
  roomName: info.name,
  messageCount: info.messageCount,
  memberCount: info.memberCount,
  ...toldSettings(info),
  created: isoTime(info.created),
  expires: info.expires === undefined ? null : isoTime(info.expires),
})
