import { Option, type Command } from 'commander'
import { flagOf } from '#/config/layers.ts'
import { SETTING_NAMES } from '#/config/read-settings.ts'
import { SETTINGS, type SettingName } from '#/config/settings.ts'

const FLAGGED = SETTING_NAMES.filter((name) => name !== 'CAUSEWAY_CONFIG')

/** A flag for every setting: above the environment, which is above the file. */
export function withSettingFlags(command: Command): Command {
  command.optionsGroup('Settings (each also in the environment or in causeway.yaml):')
  for (const name of FLAGGED) command.addOption(new Option(`${flagOf(name)} <value>`, SETTINGS[name].doc))
  return command
}

/** What was said by flags. */
export function flagsGiven(options: Readonly<Record<string, unknown>>): Partial<Record<SettingName, string>> {
  const given = FLAGGED.map((name) => [name, options[new Option(`${flagOf(name)} <value>`).attributeName()]] as const)
  return Object.fromEntries(given.filter(([, value]) => typeof value === 'string'))
}
