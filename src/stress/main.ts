import { stress } from './command.ts'

process.exitCode = await stress(process.argv.slice(2))
