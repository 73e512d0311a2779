import { InvalidArgumentError, type Command } from 'commander'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { find, idOf } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { teamId } from './team.ts'
import { plainText } from './terminal.ts'

const KINDS = ['gateway', 'server', 'tool', 'resource', 'prompt'] as const
type Kind = (typeof KINDS)[number]

interface Options {
  readonly visibility?: string
  readonly team?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Where a thing stands: seen by whom, and in which team. */
export function accessSet(access: Command, { api, out }: Context): void {
  const command = access
    .command('set')
    .description('say who sees a thing: nobody but its owner, a team, or everybody')
    .argument('<kind>', KINDS.join(', '), kindOf)
    .argument('<name>', 'its name, its id, or a beginning that only one has')
    .option('--visibility <who>', 'private, team or public')
    .option('--team <name>', 'the team that it belongs to from now on; none: no team')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (kind: Kind, name: string, { visibility, team, dryRun, json }: Options) => {
      if (visibility === undefined && team === undefined)
        throw new CliError('say what is to be different: --visibility, --team or both', { code: 'nothing_to_do' })
      const connection = await api()
      const found = await find(connection, kind, name)
      const path = `/v1/${kind}s/${idOf(found)}`
      const to = team === undefined || team === 'none' ? null : await teamId(connection, team)
      const body = { ...(visibility !== undefined && { visibility }), ...(team !== undefined && { teamId: to }) }
      if (dryRun === true) return await foresee(connection, out, { method: 'PUT', path, body, json })
      const { text } = await connection.request('PUT', path, JSON.stringify(body))
      out.print(json === true ? text : `${plainText(found['name'])} is ${placeWords(visibility, team)}`)
    })
  taught(command, {
    examples: [
      [
        'for one team, with all that it offers',
        'causeway access set gateway warehouse --visibility team --team payments',
      ],
      ['what that would take from whom', 'causeway access set tool warehouse-drop --visibility private --dry-run'],
      ['for everybody', 'causeway access set server reporting --visibility public'],
    ],
    next: 'causeway access diff --since 1h says who gained and who lost what by it.',
  })
}

function kindOf(text: string): Kind {
  const kind = KINDS.find((one) => one === text)
  if (kind === undefined) throw new InvalidArgumentError(`it must be one of ${KINDS.join(', ')}.`)
  return kind
}

function placeWords(visibility: string | undefined, team: string | undefined): string {
  const seen = visibility === undefined ? [] : [plainText(visibility)]
  const of = team === undefined ? [] : [team === 'none' ? 'in no team' : `in the team ${plainText(team)}`]
  return [...seen, ...of].join(', ')
}
