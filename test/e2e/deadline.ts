/** How long a test waits for what must come, in milliseconds; generous, for a busy machine. */
export const DEADLINE_MS = 20_000

/**
 * The promise's value, or after `ms` milliseconds an error that says what was waited for.
 * @param seen what there was instead, asked only when the time is up
 */
export const within = async <T>(
  what: string,
  promise: Promise<T>,
  seen: () => string,
  ms = DEADLINE_MS,
): Promise<T> => {
  // Made here and not in the timer, so that its stack leads to the test.
  const error = new Error(what)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      error.message = `${what}: not within ${ms} ms. Seen: ${seen()}`
      reject(error)
    }, ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Reads again and again until what was read is right, and gives that.
 * @param read its rejection ends the wait
 */
export const eventually = async <T>(
  what: string,
  read: () => Promise<T>,
  right: (value: T) => boolean,
  ms = DEADLINE_MS,
): Promise<T> => {
  const end = performance.now() + ms
  for (;;) {
    const value = await read()
    if (right(value)) return value
    if (performance.now() > end) {
      throw new Error(`${what}: not within ${ms} ms. Seen last: ${JSON.stringify(value)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
