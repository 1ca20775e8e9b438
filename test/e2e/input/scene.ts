import { expect } from 'vitest'
import { createRoom, ERROR_CODES, roomState } from '../http.ts'
import { Member } from '../member.ts'
import type { Nodes } from '../modes.ts'
import { noteSecrets } from '../secrets.ts'
import type { RawAnswer } from './raw-call.ts'

/** A room that somebody else sits in, who must not notice what is done to the server. */
export interface Scene {
  readonly roomId: string
  readonly bystander: Member
}

/** The bystander joins on the other node. */
export const roomWithBystander = async (nodes: Nodes): Promise<Scene> => {
  const roomId = await createRoom(nodes.a)
  return { roomId, bystander: await Member.join(nodes.b, roomId) }
}

/**
 * What holds after every input: the processes run and have nothing to complain of, the next request on a new connection is served,
 * nobody else is in the room, and the bystander is there, hears itself, and heard nothing else.
 */
export const expectUnharmed = async (nodes: Nodes, { roomId, bystander }: Scene): Promise<void> => {
  for (const node of nodes.each) {
    node.mustBeUp()
    expect(node.output).not.toMatch(ERROR_LINE)
  }
  expect(await bystander.settle()).toEqual([])
  for (const node of nodes.each) {
    expect((await roomState(node, roomId)).members).toEqual([
      { id: bystander.id, name: bystander.name },
    ])
  }
}

/** A line of the log that says that something failed that should not. */
const ERROR_LINE = /^\{"level":"(?:error|fatal)",.*$/m

const INSIDE =
  /select |insert |update |\bat .*:\d+:\d+|\.[jt]s\b|node_modules|stack|postgres|redis/i
const SHORTEST_PART = 8

/** The parts of an input, without names of headers, that would be known again anywhere. */
const partsOf = (input: string): readonly string[] =>
  input
    .replaceAll(/^[\w-]+:/gm, '')
    .split(/[\s:;,?&=/]+/)
    .filter((part) => part.length >= SHORTEST_PART)

/** Contract 7 for an answer to an input, whatever it says; the log is searched for it at the end. */
export const expectDiscreet = (answer: RawAnswer, input: string): void => {
  const parts = partsOf(input)
  noteSecrets(...parts)
  const { status, head, body } = answer
  if (status < 400) return
  expect(status).toBeLessThan(500)
  expect(head + body).not.toMatch(INSIDE)
  const told = head.replaceAll(/^content-type: .*\r\n|^access-control-.*\r\n/gim, '') + body
  expect(parts.filter((part) => told.includes(part))).toEqual([])
  expect(head).toMatch(/^cache-control: no-store\r$/im)
}

/** Contract 7: an error is JSON of exactly these keys. */
export const expectErrorBody = ({ body }: RawAnswer): void => {
  const { error, ...rest } = JSON.parse(body) as { error: { code: string; message: string } }
  expect(rest).toEqual({})
  expect(error).toEqual({
    code: expect.toSatisfy((code: string) => ERROR_CODES.includes(code)),
    message: expect.stringMatching(/^[ -~]{1,200}$/),
  })
  expect(Object.keys(error)).toEqual(['code', 'message'])
}

/** Whatever answers of HTTP came: none says that the server is at fault, and refusals are discreet. */
export const expectNoServerError = (seen: string): void => {
  const statuses = [...seen.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1]))
  expect(statuses.filter((status) => status >= 500)).toEqual([])
  if (statuses.every((status) => status >= 400)) expect(seen).not.toMatch(INSIDE)
  if (seen !== '') expect(statuses.length).toBeGreaterThan(0)
}
