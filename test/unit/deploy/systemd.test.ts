import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { folderOnPath } from '../../services/programs.ts'
import { DEFAULTS, shipped } from './shipped.ts'

const unit = shipped('deploy/systemd/sharechat.service')

const analyze = folderOnPath('systemd-analyze')

/** Says what systemd says of a unit; Node is where it is on this machine. */
const verified = async (text: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'sharechat-systemd-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'sharechat.service')
  await writeFile(file, text.replace('/usr/bin/node', process.execPath))
  const args = ['verify', '--man=no', '--generators=no', file]
  const how = { env: { ...process.env, SYSTEMD_LOG_LEVEL: 'warning' } }
  const program = join(analyze ?? '', 'systemd-analyze')
  const said = await promisify(execFile)(program, args, how).catch(
    (error: { stderr: string }) => error,
  )
  return said.stderr
}

// systemd takes nothing that is not installed as a whole, so it cannot be brought along.
test.runIf(analyze !== undefined)('the systemd unit is one that systemd takes', async () => {
  expect(await verified(unit)).toBe('')
  expect(await verified(unit.replace('NoNewPrivileges', 'NoMorePrivileges'))).toContain(
    'NoMorePrivileges',
  )
})

test('the systemd unit gives the server time to drain, and does not start it again with wrong settings', () => {
  const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? []
  expect(Number(seconds) * 1_000).toBeGreaterThan(DEFAULTS.drainMs)
  expect(unit).toMatch(/^KillMode=mixed$/m)
  expect(unit).toMatch(/^RestartPreventExitStatus=2$/m)
})
