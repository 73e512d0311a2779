import type { Command } from 'commander'
import { configFromEnv } from '#/config/config.ts'
import type { Context } from './context.ts'

export function serveCommand(program: Command, { env, out, serve }: Context): void {
  program
    .command('serve')
    .description('run the gateway')
    .action(async () => {
      const { config, warnings } = configFromEnv(env)
      for (const warning of warnings) out.note(warning)
      await serve(config, out)
    })
}
