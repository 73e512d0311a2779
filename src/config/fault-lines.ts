import type { Fault } from '#/lib/located-yaml.ts'

/** `causeway.yaml:3:9: port is …`, as editors and terminals make links of it. In the order of the file, each once. */
export function faultLines(path: string, faults: readonly Fault[]): readonly string[] {
  const ordered = faults.toSorted((a, b) => lineOf(a) - lineOf(b) || columnOf(a) - columnOf(b))
  return [...new Set(ordered.map(({ place, message }) => `${at(path, place)}: ${message}`))]
}

const lineOf = ({ place }: Fault): number => place?.line ?? 0
const columnOf = ({ place }: Fault): number => place?.column ?? 0

export function at(path: string, place: Fault['place']): string {
  return place === null ? path : `${path}:${place.line}:${place.column}`
}
