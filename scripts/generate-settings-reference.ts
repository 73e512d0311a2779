import { flagOf } from '../src/config/layers.ts'
import { CLIENT_SETTINGS, SETTINGS, type Setting, type SettingName } from '../src/config/settings.ts'
import { cell, generated, table } from './generated-file.ts'

// docs/reference/settings.md from the table of settings.

/** A machine that nobody has, so that the page says the same wherever it is made. */
const SOMEONE = { cores: 1, platform: 'linux', home: '~', isRoot: false, dataHome: null, configHome: null } as const

function fallbackOf(name: string, { fallback, unset }: Setting<unknown>): string {
  if (name === 'CAUSEWAY_WORKERS') return 'one per core'
  const value = typeof fallback === 'function' ? fallback(SOMEONE) : fallback
  return value === null ? `unset: ${unset ?? ''}` : `\`${value}\``
}

const rows = Object.entries<Setting<never> | Setting<unknown>>(SETTINGS).map(([name, one]) => {
  const setting = one as Setting<unknown>
  return [
    `\`${name}\`<br>\`${flagOf(name as SettingName)}\``,
    cell(setting.doc),
    cell(fallbackOf(name, setting)),
    cell(setting.parser.type),
  ]
})
const clientRows = Object.entries(CLIENT_SETTINGS).map(([name, doc]) => [`\`${name}\``, cell(doc)])

await generated(
  'docs/reference/settings.md',
  `# Settings

<!-- Made by scripts/generate-settings-reference.ts. -->

None is needed. They are given as flags of \`causeway serve\`, in the environment, or below \`settings\` in a
[causeway.yaml](../concepts/causeway-yaml.md); the first of these that says something counts. \`causeway config\` shows each with its
effective value and where that comes from. All mistakes are reported at once, at the start. Run by root, the data folder is
\`/var/lib/causeway\`.

## The server

${table(['setting', 'meaning', 'default', 'may be'], rows)}

## The commands

${table(['setting', 'meaning'], clientRows)}
`,
)
