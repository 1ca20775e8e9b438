import type { FastifyInstance } from 'fastify'
import { codeOf, RoomError } from '../../ports/errors.ts'
import { parseFlatObject } from '../../protocol/flat-object.ts'

/** What JSON takes for white space. */
const BLANK = /^[ \t\r\n]*$/

/**
 * Has the routes of this plugin take one flat JSON object as their body, whatever its content type
 * says; no body is an empty object.
 * @param sentences what is wrong with a body, by the name of the field that is; `other` for any other
 */
export const takeJsonBodies = (
  app: FastifyInstance,
  sentences: Readonly<Record<string, string>>,
): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    const text = body.toString()
    const fields = BLANK.test(text) ? {} : parseFlatObject(text)
    done(
      fields ? null : new RoomError('invalid', 'The body is one JSON object, each field once.'),
      fields,
    )
  })
  // The content type means nothing here, and one that Fastify cannot parse would be a 415.
  app.addHook('onRequest', async (request) => {
    delete request.raw.headers['content-type']
  })
  app.addHook('preValidation', async (request) => {
    request.body ??= {}
  })
  // As Fastify does for a body that it cannot read: who sends what is not understood is not listened to.
  app.addHook('onError', async (_request, reply, error) => {
    if (codeOf(error) === 'invalid') reply.header('connection', 'close')
  })
  app.setSchemaErrorFormatter(([first]) => {
    const field = first?.instancePath.split('/', 2)[1] ?? ''
    const other = 'The body has a field that is not known here, or lacks one.'
    return new RoomError('invalid', sentences[field] ?? other)
  })
}
