import { describedApi } from './described-api.ts'
import { generated } from './generated-file.ts'

// The description of the REST API for programs.

await generated('docs/openapi.json', `${JSON.stringify(await describedApi(), null, 2)}\n`)
