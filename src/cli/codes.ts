import { takeCode } from '../client/finding.ts'

export const isCode = (text: string): boolean => /^[0-9]{6}$/.test(text)

/**
 * The same with the id of the room where a code stood.
 * @throws ShareChatError
 */
export const withRoomId = async <Args extends { readonly url: string; readonly roomId: string }>(
  args: Args,
): Promise<Args> =>
  isCode(args.roomId) ? { ...args, roomId: (await takeCode(args.url, args.roomId)).roomId } : args
