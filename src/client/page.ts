interface Target {
  addEventListener(what: string, listener: () => void, options: { signal: AbortSignal }): void
}

/** What a browser has. */
interface Page extends Partial<Target> {
  readonly document?: Target & { readonly visibilityState: string }
}

/**
 * Calls back when the network has changed or the page is looked at again: what is believed of the
 * connection may be wrong then. Never, where there is no page.
 * @returns a function that ends it
 */
export const watchPage = (onChange: () => void): (() => void) => {
  const page = globalThis as unknown as Page
  const end = new AbortController()
  page.addEventListener?.('online', onChange, end)
  page.addEventListener?.('offline', onChange, end)
  page.document?.addEventListener(
    'visibilitychange',
    () => {
      if (page.document?.visibilityState === 'visible') onChange()
    },
    end,
  )
  return () => end.abort()
}
