import { expect, test } from 'vitest'
import type { MemberId, NodeId, RoomId } from '../../src/ports/model.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  joining,
  leaving,
  logOf,
  LONG_MS,
  newMember,
  newNode,
  newRoom,
  newRoomId,
  saying,
  seqs,
} from './repository-scene.ts'

/** What is stored comes back as it was, and nowhere else. */
export const valueRules = (make: MakeStored): void => {
  test('R6 ids that are nearly the same are different', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const base = newRoomId()
    const near = (base.slice(0, -1) + (base.endsWith('0') ? '1' : '0')) as RoomId
    await repository.createRoom({ id: base, name: 'One' })
    const member = await newMember(repository, node, base)
    expect(await repository.findRoom(near)).toBeUndefined()
    expect(seqs(await repository.append(node, [saying({ ...member, roomId: near })]))).toEqual([
      'room_gone',
    ])
    await repository.createRoom({ id: near, name: 'Two' })
    expect(seqs(await repository.append(node, [saying({ ...member, roomId: near })]))).toEqual([
      'member_gone',
    ])
    expect(seqs(await repository.append(node, [leaving({ ...member, roomId: near })]))).toEqual([
      'member_gone',
    ])
    const nearMember = (member.memberId.slice(0, -1) +
      (member.memberId.endsWith('0') ? '1' : '0')) as MemberId
    expect(
      seqs(await repository.append(node, [saying({ roomId: base, memberId: nearMember })])),
    ).toEqual(['member_gone'])
    const nearNode = (node.slice(0, -1) + (node.endsWith('0') ? '1' : '0')) as NodeId
    expect(seqs(await repository.append(nearNode, [saying(member)]))).toEqual(['member_gone'])
    expect(await logOf(repository, near)).toEqual([])
    expect(await logOf(repository, base)).toHaveLength(1)
  })

  test('R7 sent is the time of the append and never goes back within a room', async () => {
    const { repository, elapse, setBack } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    await elapse(20)
    await repository.append(node, [saying(member), saying(member)])
    await setBack(3_600_000)
    await repository.append(node, [saying(member)])
    await repository.append(node, [saying(member), joining(room)])
    await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 10)
    const log = await logOf(repository, room)
    const sent = log.map((message) => message.sent)
    expect(sent).toHaveLength(8)
    expect(sent[1]! - sent[0]!).toBeGreaterThanOrEqual(20)
    expect(sent).toEqual(sent.toSorted((a, b) => a - b))
    expect(sent.every(Number.isSafeInteger)).toBe(true)
  })

  test('R8 texts come back as they were', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const texts = [
      '\n',
      '  two spaces before, one after ',
      '\u{1F600} \u{10FFFF} \uFFFE',
      'e\u0301 and \u00e9, \u202Ereversed\u202C',
      '\u0001\u001f\u007f\r\n\t',
      `"quotes" 'single' \\backslash\\ {braces} , null NULL $1 %s`,
      'null',
      '{}',
      'x'.repeat(16_384),
      '\u{1F600}'.repeat(4_096),
    ]
    for (const text of texts) await repository.append(node, [saying(member, text)])
    await repository.append(
      node,
      texts.map((text) => saying(member, text)),
    )
    const log = await logOf(repository, room)
    expect(log.slice(1).map(({ message }) => message)).toEqual([...texts, ...texts])
  })

  test('R9 what goes in and comes out is not shared with the caller', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const said = saying(member, 'before')
    const [result] = await repository.append(node, [said])
    const kept = structuredClone(result)
    Object.assign(said, { message: 'after' })
    const [found] = (await repository.findRoom(room))!.members
    const page = await logOf(repository, room)
    for (const value of [page[1]!, found!, 'message' in result! ? result.message : result!]) {
      Reflect.set(value, 'name', 'after')
      Reflect.set(value, 'message', 'after')
    }
    Reflect.apply(Array.prototype.splice, page, [0, 1])
    expect((await logOf(repository, room)).slice(1)).toEqual(
      kept && 'message' in kept ? [kept.message] : [],
    )
    expect((await repository.findRoom(room))?.members).toEqual([
      { id: member.memberId, name: member.names[0] },
    ])
  })
}
