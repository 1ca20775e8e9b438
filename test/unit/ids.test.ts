import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import { isMessageId } from '../../src/ports/model.ts'
import { isRef } from '../../src/protocol/dialect.ts'

const ids = new SystemIds()

/** RFC 9562, 5.5, as a client would write it. */
const uuidV5 = (name: string, namespace: string): string => {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16)
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

test('a message id follows from member and ref, as a client can compute it', () => {
  const [ada, bob] = [ids.memberId(), ids.memberId()]
  for (const ref of ['a', '1rUJx0aD_9', '-'.repeat(64)]) {
    const id = ids.messageIdOf(ada, ref)
    expect(id).toBe(uuidV5(ref, ada))
    expect(isMessageId(id)).toBe(true)
    expect(ids.messageIdOf(ada, ref)).toBe(id)
    expect(ids.messageIdOf(bob, ref)).not.toBe(id)
  }
})

test('a resume secret is new every time, can be sent back as it is, and its hash does not tell it', () => {
  const secrets = Array.from({ length: 1_000 }, () => ids.resumeSecret())
  expect(new Set(secrets).size).toBe(1_000)
  for (const secret of secrets) {
    expect(isRef(secret)).toBe(true)
    expect(Buffer.from(secret, 'base64url').length * 8).toBeGreaterThanOrEqual(128)
  }
  const [secret] = secrets as [string]
  expect(ids.resumeHash(secret)).toBe(createHash('sha256').update(secret).digest('hex'))
})
