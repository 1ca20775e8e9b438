/**
 * Writes to the standard output no faster than it is read.
 * @returns when there is room for more; rejects when nobody reads any longer
 */
export const print = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })

/** Whether something failed because the reader of the output has had enough, as `head` has. */
export const isOutputClosed = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE'
