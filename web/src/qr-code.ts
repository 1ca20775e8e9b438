import { encode } from 'uqr'

/** The path of the dark squares of a QR code, one unit each, with the margin that readers need. */
export const qrCode = (text: string): { readonly size: number; readonly path: string } => {
  const { size, data } = encode(text, { border: 4 })
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  )
  return { size, path: squares.join('') }
}
