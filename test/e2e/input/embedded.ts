import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import type { Nodes } from '../modes.ts'
import { ServerNode, type Settings } from '../server-node.ts'

/**
 * Scenarios that share one process, for what no repository or queue has a say in. They come from one
 * address, so there are no rates.
 */
export const inEmbeddedMode = (
  theme: string,
  scenarios: (nodes: Nodes) => void,
  settings: Settings = {},
): void => {
  describe.each([theme])('%s', () => {
    let started: ServerNode | undefined
    const node = (): ServerNode => {
      if (started === undefined) throw new Error('the node is there while a test runs')
      return started
    }
    beforeAll(async () => {
      started = (await ServerNode.start(1, { RATE_LIMIT: 'off', ...settings }))[0]
    })
    afterEach(() => {
      node().mustBeUp()
    })
    afterAll(() => started?.stop())
    scenarios({
      get a() {
        return node()
      },
      get b() {
        return node()
      },
      get each() {
        return [node()]
      },
    })
  })
}
