/** A frame as a server sends it. */
export const serverFrame = (opcode: number, content: string | Uint8Array): Buffer => {
  const body = Buffer.from(content)
  const short = Buffer.from([0x80 | opcode, Math.min(body.length, 126)])
  if (body.length < 126) return Buffer.concat([short, body])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length)
  return Buffer.concat([short, length, body])
}
