import { randomUUID } from 'node:crypto'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import type {
  Appended,
  AppendChat,
  AppendDeletion,
  AppendEdit,
  AppendJoined,
  AppendLeft,
} from '../../src/ports/append.ts'
import type {
  LoggedMessage,
  MemberId,
  MemberPlace,
  MessageId,
  NodeId,
  RoomId,
} from '../../src/ports/model.ts'
import type { Repository } from '../../src/ports/repository.ts'
import type { Stored } from '../../src/ports/stored.ts'

/** All that one adapter stores: empty, and started longer ago than the leases in the rules last. */
export interface StoredFixture extends Stored {
  /** Resolves when this much time has passed by the repository's clock. */
  elapse(ms: number): Promise<void>
  /** Sets the repository's wall clock back, seen from the rooms that there are. */
  setBack(ms: number): Promise<void>
}

export type MakeStored = () => Promise<StoredFixture>

/** Longer than any test. */
export const LONG_MS = 600_000

const ids = new SystemIds()

export const newRoomId = (): RoomId => ids.roomId()
export const newMemberId = (): MemberId => ids.memberId()
export const newMessageId = (): MessageId => ids.messageId()
export const newNodeId = (): NodeId => ids.nodeId()
/** A name that nobody has. */
export const newName = (): string => `Member ${randomUUID()}`

export const newNode = async (repository: Repository, leaseMs = LONG_MS): Promise<NodeId> => {
  const nodeId = newNodeId()
  await repository.holdLease(nodeId, leaseMs, 'take')
  return nodeId
}

export const newRoom = async (repository: Repository): Promise<RoomId> => {
  const id = newRoomId()
  await repository.createRoom({ id, name: 'Imperfect Seat' })
  return id
}

export const joining = (
  roomId: RoomId,
  names: AppendJoined['names'] = [newName(), newName(), newName()],
  maxMembers = 1_000,
): AppendJoined => ({
  type: 'joined',
  roomId,
  memberId: newMemberId(),
  messageId: newMessageId(),
  names,
  maxMembers,
})

export const editing = (
  { roomId, memberId }: AppendJoined,
  target: MessageId,
  message: string,
): AppendEdit => ({ type: 'edited', roomId, memberId, messageId: newMessageId(), target, message })

export const deleting = (
  { roomId }: Pick<AppendJoined, 'roomId'>,
  target: MessageId,
  memberId?: MemberId,
): AppendDeletion => ({ type: 'deleted', roomId, memberId, messageId: newMessageId(), target })

export const saying = ({ roomId, memberId }: MemberPlace, message = 'hello'): AppendChat => ({
  type: 'chat',
  roomId,
  memberId,
  messageId: newMessageId(),
  message,
})

export const leaving = ({ roomId, memberId }: MemberPlace): AppendLeft => ({
  type: 'left',
  roomId,
  memberId,
  messageId: newMessageId(),
})

/** A member that has just joined; the entry says where. */
export const newMember = async (
  repository: Repository,
  nodeId: NodeId,
  roomId: RoomId,
): Promise<AppendJoined> => {
  const join = joining(roomId)
  await repository.append(nodeId, [join])
  return join
}

export const seqs = (results: readonly Appended[]): readonly (number | string)[] =>
  results.map((result) => {
    if ('rejected' in result) return result.rejected
    return 'message' in result ? result.message.seq : result.change.seq
  })

export const names = (results: readonly Appended[]): readonly string[] =>
  results.map((result) => {
    if ('rejected' in result) return result.rejected
    return 'message' in result ? result.message.memberName : ''
  })

/** The whole log of a room. */
export const logOf = async (
  repository: Repository,
  roomId: RoomId,
): Promise<readonly LoggedMessage[]> => {
  const page = await repository.read(roomId, { after: 0, limit: 100_000 })
  if (page === undefined || page === 'cursor_unknown') throw new Error('no such room')
  return page.messages
}

export const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1)
