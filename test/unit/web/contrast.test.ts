import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

/** What texts stand on. */
const GROUNDS = ['raised', 'mine', 'ground', 'mark']

/** What WCAG 2.2 AA (1.4.3) asks of a text. */
const LEAST_CONTRAST = 4.5

type Colour = readonly [red: number, green: number, blue: number]

const css = await readFile(new URL('../../../web/src/theme.css', import.meta.url), 'utf8')
const [light = '', dark = ''] = Array.from(css.matchAll(/:root \{([^}]*)\}/g), ([, body]) => body)

const valueOf = (name: string, theme: string): string => {
  const [, value] = new RegExp(`--${name}: ([^;]+);`).exec(theme) ?? []
  if (value === undefined) throw new Error(`the theme has no --${name}`)
  return value
}

/** Linear light, from 0 to 1, of #rgb or #rrggbb. */
const ofHex = (hex: string): Colour => {
  const digits = hex.length === 4 ? hex.replaceAll(/[\da-f]/g, '$&$&') : hex
  const part = (at: number): number => {
    const value = Number.parseInt(digits.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [part(1), part(3), part(5)]
}

/**
 * Linear light of oklch(…), cut off where a screen ends, as browsers do. The matrices are those of
 * Björn Ottosson, "A perceptual color space for image processing".
 */
const ofOklch = (lightness: number, chroma: number, hue: number): Colour => {
  const a = chroma * Math.cos((hue / 180) * Math.PI)
  const b = chroma * Math.sin((hue / 180) * Math.PI)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const cut = (part: number): number => Math.min(1, Math.max(0, part))
  return [
    cut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    cut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    cut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

const contrast = (one: Colour, other: Colour): number => {
  const [dim = 0, bright = 0] = [one, other]
    .map(([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    .toSorted((x, y) => x - y)
  return bright / dim
}

const THEMES = [
  ['light', light],
  ['dark', dark],
] as const

test.for(THEMES)('%s: the name of every member can be read on every ground', ([, theme]) => {
  const lightness = Number.parseFloat(valueOf('name-light', theme)) / 100
  const chroma = Number(valueOf('name-strong', theme))
  const low = GROUNDS.flatMap((ground) => {
    const under = ofHex(valueOf(ground, theme))
    return Array.from({ length: 360 }, (_, hue) => {
      return { ground, hue, contrast: contrast(ofOklch(lightness, chroma, hue), under) }
    })
  })
  expect(low.filter((pair) => pair.contrast < LEAST_CONTRAST)).toEqual([])
})

test.for(THEMES)('%s: so can everything else', ([, theme]) => {
  const pairs = [
    ...['ink', 'faint', 'alarm', 'accent'].flatMap((ink) =>
      GROUNDS.map((ground) => [ink, ground] as const),
    ),
    ['on-accent', 'accent'] as const,
    // The state while there is no connection.
    ['raised', 'alarm'] as const,
  ]
  const found = pairs.map(([ink, ground]) => {
    const value = contrast(ofHex(valueOf(ink, theme)), ofHex(valueOf(ground, theme)))
    return { ink, ground, contrast: value }
  })
  expect(found.filter((pair) => pair.contrast < LEAST_CONTRAST)).toEqual([])
})
