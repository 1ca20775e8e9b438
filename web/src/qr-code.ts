import { encode } from 'uqr'

export interface QrCode {
  /** Of the whole, in squares. */
  readonly size: number
  /** Of the dark squares, one unit each. */
  readonly path: string
}

/** The QR code of a text, with the margin that readers need. */
export const qrCode = (text: string): QrCode => {
  const { size, data } = encode(text, { border: 4 })
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  )
  return { size, path: squares.join('') }
}
