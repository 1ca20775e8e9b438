import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import type { ApiDocument } from './api-document.ts'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const DEADLINE_MS = 30_000

/** Asks a node what its API is: every answer of every test is compared with that. */
export default async (project: TestProject): Promise<void> => {
  const node = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: DEADLINE_MS,
  })
  try {
    let printed = ''
    node.stdout.on('data', (text) => (printed += text))
    let url: string | undefined
    while (url === undefined) {
      await once(node.stdout, 'data', { signal: AbortSignal.timeout(DEADLINE_MS) })
      url = /is at (\S+)/.exec(printed)?.[1]
    }
    const answer = await fetch(`${url}/api/docs/openapi.json`)
    project.provide('apiDocument', (await answer.json()) as ApiDocument)
  } finally {
    node.kill('SIGKILL')
  }
}
