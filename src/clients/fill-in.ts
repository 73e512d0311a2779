/** What stands for something else in a configuration: `${NAME}`, `${NAME:-otherwise}`, `${env:NAME}`, `${input:id}`, `${workspaceFolder}`. */
const REFERENCE = /\$\{(?:(env|input):)?([^}:]+)(?::-([^}]*))?\}/g
/** `$NAME`, which only some clients understand. */
const BARE = /\$([A-Za-z_]\w*)/g

export interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The answers to questions that a configuration asks its reader. */
  readonly inputs: ReadonlyMap<string, string>
  /** The folder that the configuration is for, and the reader's own. */
  readonly project: string
  readonly home: string
  /** `$NAME` stands for a variable, too. */
  readonly bare: boolean
}

/** What nobody has said. */
export interface Missing {
  readonly kind: 'variable' | 'input'
  readonly name: string
}

/** The text with every reference filled in; what is missing is told and stays as it is. */
export function filledIn(given: string, sources: Sources, missing: (what: Missing) => void): string {
  const text = sources.bare ? given.replaceAll(BARE, '${$1}') : given
  return text.replaceAll(REFERENCE, (whole: string, ...[kind, name = '', otherwise]: (string | undefined)[]) => {
    const value = kind === 'input' ? inputOf(name, sources) : (placeOf(name, sources) ?? sources.env[name])
    if (value !== undefined && value !== '') return value
    if (otherwise !== undefined) return otherwise
    missing({ kind: kind === 'input' ? 'input' : 'variable', name })
    return whole
  })
}

function placeOf(name: string, { project, home }: Sources): string | undefined {
  const places: Readonly<Record<string, string>> = {
    workspaceFolder: project,
    workspaceFolderBasename: project.split(/[/\\]/).at(-1) ?? project,
    userHome: home,
    '/': '/',
    pathSeparator: '/',
  }
  return Object.hasOwn(places, name) ? places[name] : undefined
}

/** An answer, or the variable of that name: `github-token` is GITHUB_TOKEN. */
function inputOf(id: string, { inputs, env }: Sources): string | undefined {
  return inputs.get(id) ?? env[variableOf(id)]
}

export const variableOf = (id: string): string => id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
