import { expect, test } from 'vitest'
import { ShareChatError, type Message } from '../../../src/client/client.ts'
import { MessageChange, type OpenChange } from '../../../web/src/message-change.ts'

const MESSAGE: Message = {
  ...{ seq: 1, id: 'id', roomId: 'room', memberId: 'me', memberName: 'Me' },
  ...{ type: 'chat', message: 'as it was', sent: '2026-01-01T00:00:00.000Z' },
}
const deletion = (seq: number, id: string) => ({
  ...({ event: 'deleted', seq, roomId: 'room', id, target: 1, deleted: MESSAGE.sent } as const),
})

const opened = () => {
  const stored: OpenChange[] = []
  const answers: ((answer: { seq: number } | undefined | Error) => void)[] = []
  const change = new MessageChange(
    (wish) =>
      new Promise((resolve, reject) => {
        stored.push(wish)
        answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
      }),
    () => {},
  )
  return { change, stored, answers }
}

test('nothing is stored for a text that is empty, or the same', async () => {
  const { change, stored } = opened()
  change.begin('edit', MESSAGE)
  change.write(' \n')
  await change.save()
  expect(change.current?.state).toBe('open')
  change.write('as it was')
  await change.save()
  expect([change.current, stored]).toEqual([undefined, []])
})

test('one that fails says why, keeps the text, and can be tried again', async () => {
  const { change, stored, answers } = opened()
  change.begin('edit', MESSAGE)
  change.write('better')
  const saved = change.save()
  change.write('not while it is on its way')
  void change.save()
  answers[0]!(new ShareChatError('unavailable', 'no'))
  await saved
  expect(change.current).toMatchObject({ text: 'better', state: 'failed', code: 'unavailable' })
  void change.save()
  expect(stored.map(({ text, state }) => [text, state])).toEqual([
    ['better', 'saving'],
    ['better', 'saving'],
  ])
})

test('it ends when the log has it, also when that is known before the answer', async () => {
  const { change, answers } = opened()
  change.begin('edit', MESSAGE)
  change.write('better')
  const saved = change.save()
  change.seen(deletion(7, 'another'))
  expect(change.current?.state).toBe('saving')
  answers[0]!({ seq: 7 })
  await saved
  expect(change.current).toBeUndefined()
})

test('it ends when the message is deleted by anybody, and an answer that comes then is of no account', async () => {
  const { change, answers } = opened()
  change.begin('edit', MESSAGE)
  change.write('better')
  const saved = change.save()
  change.seen(deletion(2, 'id'))
  expect(change.current).toBeUndefined()
  change.begin('delete', MESSAGE)
  answers[0]!(new ShareChatError('not_found', 'no'))
  await saved
  expect(change.current).toMatchObject({ what: 'delete', state: 'open' })
})
