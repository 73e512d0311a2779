import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openApi } from '../src/api/openapi.ts'
import { restEndpoints, type RestDeps } from '../src/http/rest-endpoints.ts'

/** Endpoints say what they are without anything to work with; only their handlers need that. */
const nothing = new Proxy({}, { get: () => ({}) }) as RestDeps

/** The REST API as OpenAPI, from the list of endpoints that is mounted. */
export async function describedApi(): Promise<ReturnType<typeof openApi>> {
  const text = await readFile(join(import.meta.dirname, '../package.json'), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return openApi(restEndpoints(nothing, { version }), { version })
}
