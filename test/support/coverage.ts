import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface Report {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly Range[] }[]
  }[]
}

const ROOT = join(import.meta.dirname, '../..')

/** What to set so that a process and all that it starts write into `folder`, when they end, what of their code has run. */
export const covered = (folder: string): Record<string, string> => ({
  NODE_V8_COVERAGE: folder,
  // Code from the cache has no counters in it.
  NODE_DISABLE_COMPILE_CACHE: '1',
})

/** Whether a place of the product's code has run in any of the processes that reported. */
export async function coverageIn(folder: string): Promise<(path: string, offset: number) => boolean> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const reports = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Report),
  )
  const scripts = Map.groupBy(
    reports.flatMap(({ result }) => result),
    ({ url }) => url,
  )
  return (path, offset) =>
    (scripts.get(pathToFileURL(join(ROOT, path)).href) ?? []).some(({ functions }) => {
      const around = functions
        .flatMap(({ ranges }) => ranges)
        .filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset)
        .toSorted((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))
      return (around[0]?.count ?? 0) > 0
    })
}
