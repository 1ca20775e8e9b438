import decode from 'qr/decode.js'
import { expect, test } from 'vitest'
import { qrCode } from '../../../web/src/qr-code.ts'

/** Of a square, in pixels. */
const SCALE = 4

/** What a camera sees of a code. */
const photo = (text: string) => {
  const { size, path } = qrCode(text)
  const width = size * SCALE
  const data = new Uint8ClampedArray(width * width * 4).fill(255)
  for (const { groups } of path.matchAll(/M(?<x>\d+) (?<y>\d+)h1v1h-1z/g)) {
    for (let at = 0; at < SCALE * SCALE; at += 1) {
      const x = Number(groups?.['x']) * SCALE + (at % SCALE)
      const y = Number(groups?.['y']) * SCALE + Math.floor(at / SCALE)
      data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  }
  return { width, height: width, data }
}

test.for([
  'http://127.0.0.1:8080/#d4d211a2-d09f-4e19-8822-8aeddcb0fdd8',
  'https://chat.a-rather-long-name.example.org/under/a/path/#00000000-0000-4000-8000-000000000000',
])('the QR code, photographed, is the link: %s', (link) => {
  expect(decode(photo(link))).toBe(link)
})

test('it has the margin that readers need', () => {
  const { size, path } = qrCode('http://127.0.0.1:8080/')
  const places = Array.from(path.matchAll(/M(\d+) (\d+)/g), ([, x, y]) => [Number(x), Number(y)])
  expect(Math.min(...places.flat())).toBe(4)
  expect(Math.max(...places.flat())).toBe(size - 5)
})
