import type { Random } from '../../random.ts'
import { BINARY, CLOSE, PING, PONG, rawFrame, TEXT } from '../raw-socket.ts'
import { CONTINUATION, declared } from './frame-cases.ts'
import { fuzzedText } from './fuzz-texts.ts'
import { mutated, noise } from './mutate.ts'
import { INVALID_UTF8 } from './utf8.ts'

const OPCODES = [TEXT, TEXT, TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE]

const content = (random: Random): Buffer => {
  if (random.chance(0.7)) return Buffer.from(fuzzedText(random))
  if (random.chance(0.5)) return noise(random)
  return Buffer.from(random.pick(INVALID_UTF8)[1], 'hex')
}

const frame = (random: Random): Buffer => {
  if (random.chance(0.02)) return declared(random.below(16), BigInt(random.below(2 ** 32)) ** 2n)
  const opcode = random.chance(0.95) ? random.pick(OPCODES) : random.below(16)
  const body = content(random)
  const control = opcode >= CLOSE && random.chance(0.9)
  return rawFrame(opcode, control ? body.subarray(0, 125) : body, {
    fin: random.chance(0.85),
    masked: random.chance(0.98),
    reserved: random.chance(0.02) ? random.below(8) : 0,
  })
}

/** Frames behind each other, mostly with something wrong about them. */
export const fuzzedFrames = (random: Random): Buffer => {
  const all = Buffer.concat(Array.from({ length: 1 + random.below(8) }, () => frame(random)))
  return random.chance(0.3) ? mutated(random, all) : all
}
