import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownCommand } from './own-command.ts'

/** A folder with a package.json, or none, that holds an installed copy. */
class Place implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cw-own-'))
  readonly copy = join(this.folder, 'node_modules/causeway-mcp')

  constructor(manifest?: unknown) {
    mkdirSync(this.copy, { recursive: true })
    if (manifest !== undefined) writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest))
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

test('in the repository npx finds it', () => {
  expect(ownCommand()).toBe('npx causeway')
})

test.each([
  ['in a project npx finds it', { dependencies: { 'causeway-mcp': '1' } }, 'npx causeway'],
  ['installed for the whole machine it is a command', undefined, 'causeway'],
  [
    'installed for one run it is named as it was then',
    { _npx: { packages: ['node@24', '/tmp/a b/causeway.tgz'] } },
    "npx -p node@24 -p '/tmp/a b/causeway.tgz' causeway",
  ],
])('%s', (_, manifest, expected) => {
  using place = new Place(manifest)
  expect(ownCommand(place.copy)).toBe(expected)
})
