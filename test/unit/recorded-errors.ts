/** Errors as libraries throw them, with what they hold of the people in a room. */
export const RECORDED: readonly {
  readonly name: string
  readonly error: unknown
  readonly secrets: readonly string[]
  readonly code?: string
}[] = [
  {
    name: 'of the database driver',
    error: Object.assign(new Error('invalid input: "a secret text"'), {
      code: '22021',
      detail: 'Key (room_id)=(acc3949d-a952-4b0e-8651-13be3cab3563) exists.',
      hint: 'Silver Otter',
      query: "insert into log values ('a secret text')",
      parameters: ['a secret text', 'Silver Otter'],
      address: '10.1.2.3',
    }),
    secrets: ['a secret text', 'acc3949d', 'Silver Otter', '10.1.2.3'],
    code: '22021',
  },
  {
    name: 'of a socket',
    error: Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), {
      code: 'ECONNREFUSED',
      address: '10.1.2.3',
      port: 5432,
    }),
    secrets: ['10.1.2.3', '5432'],
    code: 'ECONNREFUSED',
  },
  {
    name: 'of the Redis client',
    error: Object.assign(new Error('ERR for sharechat:room:acc3949d'), {
      command: { name: 'publish', args: ['sharechat:room:acc3949d', 'a secret text'] },
    }),
    secrets: ['acc3949d', 'a secret text'],
  },
  {
    name: 'of the JSON parser',
    error: parseError('a secret text'),
    secrets: ['a secret', 'secret text'],
  },
  {
    name: 'of Node, about an argument',
    error: Object.assign(new TypeError('The argument must be a string. Received a secret text'), {
      code: 'ERR_INVALID_ARG_TYPE',
    }),
    secrets: ['a secret text'],
    code: 'ERR_INVALID_ARG_TYPE',
  },
  {
    name: 'with a message that looks like a place in the code',
    error: new Error('x\n    at Silver Otter (/a secret text:1:2)'),
    secrets: ['a secret text', 'Silver Otter'],
  },
  {
    name: 'with a text for a code',
    error: Object.assign(new Error('x'), { code: 'Silver Otter said' }),
    secrets: ['Silver Otter'],
  },
  {
    name: 'of several at once',
    error: new AggregateError([new Error('a secret text')], 'Silver Otter'),
    secrets: ['a secret text', 'Silver Otter'],
  },
  {
    name: 'no error at all',
    error: 'a secret text',
    secrets: ['a secret text'],
  },
]

function parseError(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return error
  }
}
