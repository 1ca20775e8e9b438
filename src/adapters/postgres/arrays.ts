/**
 * Arrays as Postgres literals, for parameters with a cast such as `${plainArray(ids)}::uuid[]`.
 * The library would ask the server for its array types on every new connection.
 */
export const plainArray = (values: readonly (string | number)[]): string => `{${values.join(',')}}`

/** For texts of any content, and null for no text. */
export const textArray = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'null' : quoted(value))).join(',')}}`

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
