import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, inject } from 'vitest'
import type { Answer } from './http.ts'

interface Operation {
  readonly operationId: string
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}

/** The OpenAPI document, as far as tests look into it. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** What a node says of its API; not there for tests that start no node. */
    apiDocument: ApiDocument
  }
}

/** What comes of any request that is not what HTTP wants; the document says so in words. */
const OF_HTTP = [408, 417, 431]

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })

/** The operation that a request is about, if the document has it. */
export const operationOf = (method: string, path: string): Operation | undefined => {
  const [plain = ''] = path.split('?')
  const found = Object.entries(inject('apiDocument')?.paths ?? {}).find(([template]) =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(plain),
  )
  // Its GET acts, so there is no HEAD.
  if (method === 'HEAD' && found?.[0] === '/api/codes/{code}') return undefined
  return found?.[1][method === 'HEAD' ? 'get' : method.toLowerCase()]
}

/** An answer to anything that the document describes is one that it describes. */
export const expectDocumented = (method: string, path: string, answer: Answer): void => {
  const operation = operationOf(method, path)
  if (operation === undefined || OF_HTTP.includes(answer.status)) return
  const response = operation.responses[answer.status]
  const asked = `${operation.operationId}: ${answer.status}`
  expect({ asked, documented: response !== undefined }).toEqual({ asked, documented: true })
  if (method === 'HEAD') return
  if (response?.content === undefined)
    return expect({ asked, text: answer.text }).toEqual({ asked, text: '' })
  const type = answer.headers['content-type']?.split(';')[0] ?? 'none'
  const { schema } = response.content[type] ?? {}
  if (schema === undefined) throw new Error(`${asked} has the undocumented type ${type}`)
  const isJson = type !== 'application/x-ndjson'
  const isValid = ajv.validate(schema, isJson ? JSON.parse(answer.text) : answer.text)
  expect({ asked, wrong: isValid ? '' : ajv.errorsText() }).toEqual({ asked, wrong: '' })
}
