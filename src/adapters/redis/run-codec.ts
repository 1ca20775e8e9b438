import type { NodeId } from '../../ports/model.ts'
import type { Run } from '../../ports/queue.ts'

/*
 * A run of log entries on the wire between nodes, all numbers big-endian:
 *
 *   1 byte    version
 *   1 byte    kind (1: log entries; others: note-codec)
 *   16 bytes  node id
 *   8 bytes   first seq
 *   then per entry 4 bytes of length, and the plain frame (length 0: no plain frame)
 *
 * 1: since the first release.
 */
export const VERSION = 1
const KIND_LOG = 1
const HEADER_BYTES = 26
const MAX_PAYLOAD_BYTES = 512 << 10
const MAX_ENTRIES = 10_000

/** A node splits what is longer; one entry is never split. */
const SPLIT_BYTES = 256 << 10

/** A run as payloads of about 256 KiB at most, in order. */
export const encodeRun = (from: NodeId, { firstSeq, frames }: Run): Buffer[] => {
  const payloads: Buffer[] = []
  let start = 0
  while (start < frames.length) {
    let end = start
    let size = HEADER_BYTES
    for (let frame = frames[end]; frame && end - start < MAX_ENTRIES; frame = frames[end]) {
      const next = size + 4 + frame.length
      if (end > start && next > SPLIT_BYTES) break
      size = next
      end += 1
    }
    payloads.push(encodePart(from, firstSeq + start, frames.slice(start, end), size))
    start = end
  }
  return payloads
}

const encodePart = (
  from: NodeId,
  firstSeq: number,
  frames: readonly Uint8Array[],
  size: number,
): Buffer => {
  const payload = Buffer.allocUnsafe(size)
  payload.writeUInt8(VERSION, 0)
  payload.writeUInt8(KIND_LOG, 1)
  payload.write(from.replaceAll('-', ''), 2, 'hex')
  payload.writeBigUInt64BE(BigInt(firstSeq), 18)
  let at = HEADER_BYTES
  for (const frame of frames) {
    payload.writeUInt32BE(frame.length, at)
    payload.set(frame, at + 4)
    at += 4 + frame.length
  }
  return payload
}

/**
 * What a payload says, if it is well formed. Nothing is proven by that: anyone who can write to
 * Redis can send it.
 * @returns the run, whose frames are views of the payload; `ignored` for another kind or version;
 * undefined when it is malformed
 */
export const decodeRun = (
  payload: Buffer,
): { readonly from: NodeId; readonly run: Run } | 'ignored' | undefined => {
  if (payload.length < 2 || payload.length > MAX_PAYLOAD_BYTES) return undefined
  if (payload[0] !== VERSION || payload[1] !== KIND_LOG) return 'ignored'
  if (payload.length < HEADER_BYTES) return undefined
  const firstSeq = Number(payload.readBigUInt64BE(18))
  if (firstSeq < 1 || firstSeq > Number.MAX_SAFE_INTEGER - MAX_ENTRIES) return undefined
  const frames: Uint8Array[] = []
  let at = HEADER_BYTES
  while (at < payload.length) {
    if (at + 4 > payload.length || frames.length === MAX_ENTRIES) return undefined
    const end = at + 4 + payload.readUInt32BE(at)
    if (end > payload.length) return undefined
    frames.push(payload.subarray(at + 4, end))
    at = end
  }
  if (frames.length === 0) return undefined
  return { from: idAt(payload, 2) as NodeId, run: { firstSeq, frames } }
}

/** Any sixteen bytes: a forged id need not be a UUID of a version. */
export const idAt = (payload: Buffer, start: number): string => {
  const hex = payload.toString('hex', start, start + 16)
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
