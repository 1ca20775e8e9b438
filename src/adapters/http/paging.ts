/** How long a page is that is not told. */
export const PAGE_LENGTH = 100

/** Of a text: what is no plain number from 1 to 1000 is refused, not converted. */
export const LIMIT_PATTERN = '^(?:[1-9][0-9]{0,2}|1000)$'
