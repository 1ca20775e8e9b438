import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

const path = new URL('../../docs/asyncapi.json', import.meta.url)

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

export const asyncapi = JSON.parse(readFileSync(path, 'utf8')) as Document

// The document is no schema itself, but holds some.
const ajv = new Ajv({ strict: false, allErrors: true }).addSchema(asyncapi, 'asyncapi')

/** @returns undefined if a value is as the AsyncAPI document's schema by this name says, else what is wrong */
export const isOfSchema = (name: string, value: unknown): string | undefined => {
  const validate = ajv.getSchema(`asyncapi#/components/schemas/${name}`)
  if (!validate) throw new Error(`no schema ${name}`)
  return validate(value) === true ? undefined : ajv.errorsText(validate.errors)
}
