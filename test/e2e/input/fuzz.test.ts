import { expect, test } from 'vitest'
import { Random } from '../../random.ts'
import { eventually } from '../deadline.ts'
import { history, roomState } from '../http.ts'
import { expectWholeTailOf, Member } from '../member.ts'
import { inBothModesAtAnyRate, type Nodes } from '../modes.ts'
import { handshakeHead } from './handshake.ts'
import { fuzzedFrames } from './fuzz-frames.ts'
import { fuzzedRequests } from './fuzz-http.ts'
import { fateOf, fuzzedText } from './fuzz-texts.ts'
import { inWrites } from './mutate.ts'
import { rawExchange } from './raw-call.ts'
import { expectNoServerError, expectUnharmed, roomWithBystander, type Scene } from './scene.ts'

/** For both modes together. */
const SECONDS = Number(process.env['FUZZ_SECONDS'] || 15)
const SEED = Number(process.env['FUZZ_SEED'] || Math.floor(Math.random() * 2 ** 31))
const CASES_IN_A_ROOM = 96
const AT_ONCE = 6

/** An input, to be shown if something comes of it. */
interface Input {
  readonly bytes: Buffer
  run(): Promise<void>
}

const httpInput = (random: Random, nodes: Nodes, { roomId, bystander }: Scene): Input => {
  const bytes = fuzzedRequests(random, { roomId, messageId: bystander.joined.id })
  const writes = inWrites(random, bytes)
  const end = random.chance(0.9) ? 'fin' : 'reset'
  const run = async () => {
    const { seen } = await rawExchange(nodes.a, { writes, end })
    expectNoServerError(seen)
  }
  return { bytes, run }
}

const framesInput = (random: Random, nodes: Nodes, { roomId }: Scene): Input => {
  const head = Buffer.from(handshakeHead(`/api/serve/${roomId}`))
  const bytes = fuzzedFrames(random)
  const writes = [head, ...inWrites(random, bytes)]
  const end = random.chance(0.8) ? 'fin' : 'reset'
  const run = async () => {
    const { seen } = await rawExchange(nodes.a, { writes, end })
    if (seen !== '') expect(seen).toMatch(/^HTTP\/1\.1 101 /)
  }
  return { bytes, run }
}

/** Texts of a member that stays: each must be said, refused or ignored, as the rules have it. */
const textsInput = (random: Random, speaker: Member): Input => {
  const texts = Array.from({ length: 1 + random.below(10) }, () => fuzzedText(random))
  const run = async () => {
    for (const text of texts) speaker.say(random.chance(0.9) ? text : Buffer.from(text))
    const heard = (await speaker.settle()).filter(({ memberId }) => memberId === speaker.id)
    const fates = texts.map(fateOf)
    // A refusal is told at once, and so may overtake what was said before.
    expect({
      said: heard.filter(({ type }) => type === 'chat').map(({ message }) => message),
      failed: heard.filter(({ type }) => type === 'failed').length,
    }).toEqual({
      said: fates.flatMap((fate) => (typeof fate === 'string' ? [] : [fate.said])),
      failed: fates.filter((fate) => fate === 'failed').length,
    })
  }
  return { bytes: Buffer.from(JSON.stringify(texts)), run }
}

const tried = async (seed: number, { bytes, run }: Input): Promise<void> => {
  try {
    await run()
  } catch (cause) {
    const shown = bytes.toString('latin1').slice(0, 3000)
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `${why}\nmake fuzz SEED=${seed} begins with this input: ${JSON.stringify(shown)}`,
      {
        cause,
      },
    )
  }
}

/** A room, a bystander, a speaker, and inputs of all kinds; then everything must have come out right. */
const round = async (nodes: Nodes, firstSeed: number, end: number): Promise<number> => {
  const scene = await roomWithBystander(nodes)
  const { roomId, bystander } = scene
  const speaker = await Member.join(nodes.a, roomId)
  let seed = firstSeed
  while (seed < firstSeed + CASES_IN_A_ROOM && performance.now() < end) {
    let speaking = false
    const inputs = Array.from({ length: AT_ONCE }, (_, at) => {
      const random = new Random(seed + at)
      const kind = random.next()
      // One input at a time for the one speaker, whose answers are told apart by their order.
      if (kind > 0.8 && !speaking) {
        speaking = true
        return textsInput(random, speaker)
      }
      return (kind < 0.5 ? httpInput : framesInput)(random, nodes, scene)
    })
    await Promise.all(inputs.map((input, at) => tried(seed + at, input)))
    for (const node of nodes.each) node.mustBeUp()
    seed += AT_ONCE
  }
  // Joins of one node into one room are stored in order, so none is under way after these.
  for (const node of nodes.each) {
    const last = await Member.join(node, roomId)
    await last.close(1000)
    await bystander.untilLeft(last.id)
  }
  await speaker.close(1000)
  await bystander.untilLeft(speaker.id)
  await eventually(
    'nobody but the bystander',
    () => roomState(nodes.b, roomId),
    ({ members }) => members.length === 1,
  )
  await bystander.settle()
  for (const node of nodes.each)
    expectWholeTailOf((await history(node, roomId)).elements, bystander)
  await expectUnharmed(nodes, scene)
  bystander.terminate()
  return seed - firstSeed
}

process.stdout.write(`fuzz: SEED=${SEED} for ${SECONDS} s\n`)

inBothModesAtAnyRate('input, fuzz', (nodes) => {
  test(
    'whatever is sent: nobody else notices, nothing breaks, and history is what was shown',
    async () => {
      const end = performance.now() + SECONDS * 500
      let cases = 0
      do {
        cases += await round(nodes, SEED + cases, end)
      } while (performance.now() < end)
      process.stdout.write(`fuzz: ${cases} inputs from SEED=${SEED} on\n`)
    },
    SECONDS * 500 + 60_000,
  )
})
