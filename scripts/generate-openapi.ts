import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openApi } from '../src/api/openapi.ts'
import { restEndpoints, type RestDeps } from '../src/http/rest-endpoints.ts'

// docs/openapi.json from the list of endpoints. With --check: fails where the committed file says something else.

const ROOT = join(import.meta.dirname, '..')
const FILE = join(ROOT, 'docs', 'openapi.json')

/** Endpoints say what they are without anything to work with; only their handlers need that. */
const nothing = new Proxy({}, { get: () => ({}) }) as RestDeps

const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const text = `${JSON.stringify(openApi(restEndpoints(nothing, version), { version }), null, 2)}\n`

if (!process.argv.includes('--check')) {
  await writeFile(FILE, text)
  console.log(`wrote ${FILE}`)
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== text) {
  console.error('docs/openapi.json is not what the routes say: run `node scripts/generate-openapi.ts` and commit it')
  process.exitCode = 1
}
