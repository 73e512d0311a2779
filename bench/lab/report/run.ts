import type { Results } from '../results.ts'

/** One of the runs of a report, by a name that no other has. */
export interface Run {
  readonly name: string
  readonly results: Results
}

/** What a target calls itself may begin with the name that it was given. */
function nameOf(name: string, version: string | null): string {
  if (version === null) return name
  return version.startsWith(`${name} `) ? version : `${name} ${version}`
}

/** By target; where two are of the same, by number too. */
export function named(all: readonly Results[]): Run[] {
  const names = all.map(({ target: { name, version } }) => nameOf(name, version))
  return all.map((results, index) => {
    const name = names[index] ?? ''
    const isOnly = names.filter((other) => other === name).length === 1
    return { name: isOnly ? name : `${name} (${index + 1})`, results }
  })
}
