import { InvalidArgumentError, type Command } from 'commander'

/** Which records of the audit log are wanted. */
export interface Filter {
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly since?: string
  readonly until?: string
}

export function filtered(command: Command): Command {
  return command
    .option('--actor <who>', 'who did it, such as ann@example.com')
    .option('--action <name>', 'an action such as gateways.update, or its noun: gateways')
    .option('--target <id>', 'to this thing')
    .option('--since <time>', 'from this time on, such as 2h, 7d, 2026-01-31 or 2026-01-31T12:00:00Z')
    .option('--until <time>', 'before this time')
}

export function queryOf({ actor, action, target, since, until }: Filter): URLSearchParams {
  const given = { actor, action, target_id: target, since, until }
  return new URLSearchParams(Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined))
}

/** How many lines of a list. */
export function count(text: string): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 1 && value <= 500)) throw new InvalidArgumentError('it must be 1 to 500.')
  return value
}
