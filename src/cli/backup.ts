import type { Command } from 'commander'
import { configFromEnv } from '#/config/config.ts'
import { thisMachine } from '#/config/env.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { newPassphrase, PASSPHRASE_OPTION } from './passphrase.ts'
import { counting, working } from './progress.ts'
import { ownVersion } from './version.ts'

interface Options {
  readonly passphraseFile?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

export function backupCommand(program: Command, context: Context): void {
  const command = program
    .command('backup')
    .description(
      'write everything into one file: all of the database and the keys of its secrets, sealed by a passphrase',
    )
    .argument('<file>', 'the archive to make')
    .option(...PASSPHRASE_OPTION)
    .option('--overwrite', 'take the place of an archive that is there')
    .option(...JSON_OPTION)
    .action(async (path: string, options: Options) => {
      const { config } = configFromEnv(context.env, thisMachine(), context.layers)
      const { out, stop: signal } = context
      const passphrase = await newPassphrase(options.passphraseFile, context)
      const { backUp } = await import('#/archiving.ts')
      const { bytes, manifest } = await working(out, 'backing up', (say) =>
        backUp(config, {
          path,
          passphrase,
          overwrite: options.overwrite === true,
          product: ownVersion(),
          signal,
          progress: counting(out, say),
        }),
      )
      const rows = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0)
      if (options.json === true)
        return out.print(JSON.stringify({ file: path, bytes, rows, tables: manifest.tables }, null, 2))
      out.print(`${out.green('backed up')} ${rows.toLocaleString('en')} rows into ${path} (${sizeText(bytes)})`)
      out.print('Without the passphrase nobody can open it, neither can you: keep it elsewhere.')
    })
  taught(command, {
    examples: [
      ['ask for a passphrase and write the archive', 'causeway backup causeway.backup'],
      [
        'every night, without anybody there',
        'causeway backup "/backups/$(date +%F)" --passphrase-file /etc/causeway/passphrase',
      ],
    ],
    next: 'causeway restore FILE makes a gateway of it, here or elsewhere.',
    completes: { file: 'file', '--passphrase-file': 'file' },
  })
}

function sizeText(bytes: number): string {
  return bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`
}
