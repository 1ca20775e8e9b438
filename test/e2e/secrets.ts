/** What rooms are made of, and the address that tests connect from: never to be found in a log. */
const ADDRESSES = /127\.0\.0\.1|::1\b|::ffff:/
const SHORTEST_TEXT = 8

const secrets = new Set<string>()

/** Remembers ids, names and texts of this run; texts too short to be told from chance are left out. */
export const noteSecrets = (...texts: readonly string[]): void => {
  for (const text of texts) if (text.length >= SHORTEST_TEXT) secrets.add(text)
}

/**
 * The lines of a node's output that hold a secret or an address.
 * @param port the node's own; the start-up lines that name it are allowed to
 */
export const indiscreetLines = (output: string, port: number): readonly string[] =>
  output
    .split('\n')
    .filter(
      (line) =>
        [...secrets].some((secret) => line.includes(secret)) ||
        (ADDRESSES.test(line) && !line.includes(`:${port}`)),
    )
