import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'

export function versionCommand(program: Command, { out }: Context): void {
  const command = program
    .command('version')
    .description('the version of Causeway and of Node')
    .option(...JSON_OPTION)
    .action((options: { readonly json?: boolean }) => {
      const versions = { causeway: ownVersion(), node: process.versions.node }
      out.print(
        options.json === true ? JSON.stringify(versions) : `causeway ${versions.causeway} on Node ${versions.node}`,
      )
    })
  taught(command, {
    examples: [
      ['for a report', 'causeway version'],
      ['for a program', 'causeway version --json'],
    ],
  })
}

/** The package's own file lies one level above both src/ and dist/. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
