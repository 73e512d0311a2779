import type { Command } from 'commander'
import { configFromEnv, problemsOf } from '#/config/config.ts'
import { thisMachine } from '#/config/env.ts'
import { withFlags, type Layers } from '#/config/layers.ts'
import type { DeclaredSource } from '#/declared/open-file.ts'
import type { Context } from './context.ts'
import { taught } from './lesson.ts'
import { flagsGiven, withSettingFlags } from './setting-flags.ts'

export function serveCommand(program: Command, { layers, out, serve }: Context): void {
  const command = program
    .command('serve')
    .description('run the gateway')
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const said = withFlags(layers, flagsGiven(options))
      const declared = await declaredIn(said)
      const { config, warnings, sources } = configFromEnv(said.env, thisMachine(), said)
      for (const warning of warnings) out.note(warning)
      const elsewhere = [sources.PORT, sources.CAUSEWAY_DATA_DIR].some((source) => /environment|flag/.test(source))
      await serve(config, { out, elsewhere, declared })
    })
  taught(withSettingFlags(command), {
    examples: [
      ['with nothing set: on this machine, with a database of its own', 'causeway serve'],
      ['another port', 'causeway serve --port 4545'],
      ['with settings, gateways and tokens of a file', 'causeway serve --config /etc/causeway.yaml'],
    ],
    next: 'causeway add NAME URL, from another terminal.',
    completes: { '--config': 'file', '--data-dir': 'file' },
  })
}

/** What the file declares; throws with all that is wrong in it and with the settings. Most starts have no file, and need none of this. */
export async function declaredIn(layers: Layers): Promise<DeclaredSource | null> {
  const { file } = layers
  if (file === null) return null
  const { openDeclared } = await import('#/declared/open-file.ts')
  return openDeclared(file, problemsOf(layers.env, thisMachine(), layers))
}
