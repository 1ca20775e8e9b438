export type Fields = Readonly<Record<string, unknown>>

/** The fields of a JSON text that is one object without objects in it, each field once; else undefined. */
export const parseFlatObject = (text: string): Fields | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const fields = value as Fields
  // JSON.parse takes the last of two fields with one name. Every field of a flat object has one colon
  // outside of texts; an object that is not flat is refused for its fields.
  const colons = text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '').split(':').length - 1
  return colons === Object.keys(fields).length ? fields : undefined
}
