import Type from 'typebox'

export interface RoomLimits {
  readonly maxRoomMembers: number
  /** How long rooms live without members. */
  readonly roomTtlMs: number
}

export const MAX_NAME = 80
export const MAX_TOPIC = 300
const MAX_SLOW_SECONDS = 3_600

/** One line: no control characters, line or paragraph separators, or halves of characters. */
const LINE = '[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]'

export const NAME_PATTERN = `^(?=.*\\S)${LINE}+$`
export const TOPIC_PATTERN = `^${LINE}*$`

const name = Type.String({ maxLength: MAX_NAME, pattern: NAME_PATTERN })
const topic = Type.String({ maxLength: MAX_TOPIC, pattern: TOPIC_PATTERN })

/** In seconds. */
const longestTtl = ({ roomTtlMs }: RoomLimits): number => Math.max(1, Math.floor(roomTtlMs / 1000))

const capacity = ({ maxRoomMembers }: RoomLimits) =>
  Type.Integer({ minimum: 1, maximum: maxRoomMembers })

/** The body of `POST /api/room`. */
export const newRoomBody = (limits: RoomLimits) =>
  Type.Object(
    {
      name: Type.Optional(name),
      topic: Type.Optional(topic),
      capacity: Type.Optional(capacity(limits)),
      public: Type.Optional(Type.Boolean()),
      ttl: Type.Optional(Type.Integer({ minimum: 1, maximum: longestTtl(limits) })),
      owner: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  )

/** The body of `PATCH /api/room/<id>`. */
export const changedRoomBody = (limits: RoomLimits) =>
  Type.Object(
    {
      name: Type.Optional(name),
      topic: Type.Optional(topic),
      /** Null: none of its own. */
      capacity: Type.Optional(Type.Union([capacity(limits), Type.Null()])),
      public: Type.Optional(Type.Boolean()),
      locked: Type.Optional(Type.Boolean()),
      /** In seconds; 0: off. */
      slowMode: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_SLOW_SECONDS })),
    },
    { additionalProperties: false },
  )

/** What is wrong with a field, for the one who sent it. */
export const sentencesOf = (limits: RoomLimits): Readonly<Record<string, string>> => ({
  name: `name is one line of 1 to ${MAX_NAME} characters.`,
  topic: `topic is one line of at most ${MAX_TOPIC} characters.`,
  capacity: `capacity is a whole number from 1 to ${limits.maxRoomMembers}.`,
  public: 'public is true or false.',
  ttl: `ttl is a whole number of seconds from 1 to ${longestTtl(limits)}.`,
  owner: 'owner is true or false.',
  locked: 'locked is true or false.',
  slowMode: `slowMode is a whole number of seconds from 0 to ${MAX_SLOW_SECONDS}.`,
})
