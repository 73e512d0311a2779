import type { Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { printMessage } from './message.ts'
import { working } from './progress.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

interface JsonOption {
  readonly json?: boolean
}

export function keysCommands(program: Command, context: Context): void {
  const keys = program.command('keys').description('the keys that secrets in the database are sealed under')
  list(keys, context)
  add(keys, context)
  rotate(keys, context)
  forget(keys, context)
  taught(keys, {
    examples: [
      ['how much is sealed under which', 'causeway keys list'],
      ['a new key for everything', 'causeway keys rotate'],
    ],
  })
}

function list(keys: Command, { api, out }: Context): void {
  const command = keys
    .command('list')
    .description('the keys of the ring, and how many secrets are sealed under each')
    .option(...JSON_OPTION)
    .action(async ({ json }: JsonOption) => {
      const { text } = await (await api()).request('GET', '/v1/keys')
      const found = JSON.parse(text) as readonly Json[]
      if (json === true) return out.print(JSON.stringify(found, null, 2))
      const rows = found.map(({ id, current, sealed }) => [
        plainText(id),
        plainText(sealed),
        current === true
          ? 'everything new is sealed under it'
          : sealed === 0
            ? 'can be forgotten'
            : 'opens what is old',
      ])
      for (const line of tableLines(['KEY', 'SECRETS', ''], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['all of them', 'causeway keys list'],
      ['for a program', 'causeway keys list --json'],
    ],
  })
}

function add(keys: Command, { api, out }: Context): void {
  const command = keys
    .command('add')
    .description(
      'put a key into the ring that seals nothing yet, for other machines at the same database to be given first',
    )
    .option(...JSON_OPTION)
    .action(async ({ json }: JsonOption) => {
      const made = await (await api()).json('POST', '/v1/keys', '{}')
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(plainText(made['id']))
      out.note('keys.json of the data folder has it now: give that file to the other machines, then rotate')
    })
  taught(command, {
    examples: [
      ['before a rotation that concerns several machines', 'causeway keys add'],
      ['for a program', 'causeway keys add --json'],
    ],
    next: 'causeway keys rotate --to KEY seals everything under it.',
  })
}

function rotate(keys: Command, { api, out }: Context): void {
  const command = keys
    .command('rotate')
    .description('seal everything anew under another key, while calls go on')
    .option('--to <key>', 'a key of the ring; a new one unless said')
    .option(...JSON_OPTION)
    .action(async ({ to, json }: JsonOption & { readonly to?: string }) => {
      const connection = await api()
      const body = JSON.stringify({ ...(to !== undefined && { to }) })
      const said = await working(out, 'sealing secrets anew', () => connection.json('POST', '/v1/keys/rotate', body))
      if (json === true) return out.print(JSON.stringify(said, null, 2))
      const secrets = said['resealed'] === 1 ? '1 secret is' : `${plainText(said['resealed'])} secrets are`
      out.print(`${secrets} now sealed under ${plainText(said['to'])}`)
      if (said['from'] !== said['to'])
        out.print(`${plainText(said['from'])} opens sessions that it sealed, until causeway keys forget`)
    })
  taught(command, {
    examples: [
      ['a new key', 'causeway keys rotate'],
      ['one that all machines have been given', 'causeway keys rotate --to 5e1f0c9a'],
    ],
    next: 'Make a backup: one that is older holds only the keys of its time.',
  })
}

function forget(keys: Command, { api, out }: Context): void {
  const command = keys
    .command('forget')
    .description('take a key out of the ring under which nothing is sealed any more; sessions that it sealed end')
    .argument('<key>', 'its id, as causeway keys list shows it')
    .option(...JSON_OPTION)
    .action(async (id: string, { json }: JsonOption) => {
      const said = await (await api()).json('DELETE', `/v1/keys/${encodeURIComponent(id)}`)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['after a rotation', 'causeway keys forget 5e1f0c9a'],
      ['for a program', 'causeway keys forget 5e1f0c9a --json'],
    ],
  })
}
