import type { Command } from 'commander'
import { configFromEnv, type Config } from '#/config/config.ts'
import { thisMachine } from '#/config/env.ts'
import type { Context } from './context.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { passphraseOf, PASSPHRASE_OPTION } from './passphrase.ts'
import { counting, working } from './progress.ts'
import { ownVersion } from './version.ts'

interface Options {
  readonly passphraseFile?: string
  readonly replace?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export function restoreCommand(program: Command, context: Context): void {
  const command = program
    .command('restore')
    .description('make the database and the keys what a backup holds; the gateway must be stopped')
    .argument('<file>', 'an archive that causeway backup made')
    .option(...PASSPHRASE_OPTION)
    .option('--replace', 'let go of what the database holds now')
    .option(...YES_OPTION)
    .option(...JSON_OPTION)
    .action(async (path: string, options: Options) => {
      const { config } = configFromEnv(context.env, thisMachine(), context.layers)
      const { out, stop: signal } = context
      const replace = options.replace === true
      if (replace) await confirmed(context.keyboard, `Replace everything in ${placeOf(config)}`, options.yes)
      const passphrase = await passphraseOf(options.passphraseFile, context)
      const { restore } = await import('#/archiving.ts')
      const { manifest, keptAside, ...about } = await working(out, 'restoring', (say) =>
        restore(config, { path, passphrase, replace, product: ownVersion(), signal, progress: counting(out, say) }),
      )
      const rows = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0)
      if (options.json === true)
        return out.print(JSON.stringify({ ...about, rows, tables: manifest.tables, keptAside }, null, 2))
      out.print(
        `${out.green('restored')} ${rows.toLocaleString('en')} rows of ${about.madeAt} (Causeway ${about.product})`,
      )
      if (keptAside !== null) out.print(`The database of another PostgreSQL that was here is kept in ${keptAside}`)
    })
  taught(command, {
    examples: [
      ['into this machine’s empty database', 'causeway restore causeway.backup'],
      [
        'over what is there, without being asked',
        'causeway restore causeway.backup --replace --yes --passphrase-file /etc/causeway/passphrase',
      ],
      ['into another PostgreSQL', 'DATABASE_URL=postgres://causeway@db/causeway causeway restore causeway.backup'],
    ],
    next: 'causeway serve: tokens, servers and records are as they were.',
    completes: { file: 'file', '--passphrase-file': 'file' },
  })
}

function placeOf({ database, dataDir }: Config): string {
  return database.url === null ? dataDir : `the database of DATABASE_URL, and the keys in ${dataDir}`
}
