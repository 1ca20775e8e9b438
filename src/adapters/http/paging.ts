import Type from 'typebox'

/** How long a page is that is not told. */
export const PAGE_LENGTH = 100

/** A text: what is no plain number from 1 to 1000 is refused, not converted. */
export const LIMIT = Type.String({ pattern: '^(?:[1-9][0-9]{0,2}|1000)$' })
