import Type from 'typebox'

/** Ids as answers have them. */
export const RoomIdText = Type.String({
  format: 'uuid',
  examples: ['d4d211a2-d09f-4e19-8822-8aeddcb0fdd8'],
})
export const MemberIdText = Type.String({ format: 'uuid' })
export const MessageIdText = Type.String({ format: 'uuid' })
