import { RoomError } from '../../ports/errors.ts'

export const unavailable = (cause: unknown) =>
  new RoomError('unavailable', 'The queue is not available.', cause)
