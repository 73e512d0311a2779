import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Node takes the nearest package.json: with this one, `#/lib/x.ts` inside dist/ means dist/lib/x.js. */
const manifest = { type: 'module', imports: { '#/*.ts': './*.js' } }
writeFileSync(join(import.meta.dirname, '../dist/package.json'), `${JSON.stringify(manifest, null, 2)}\n`)

// The load laboratory's scenarios are data and are read as they are.
cpSync(join(import.meta.dirname, '../bench/lab/scenarios'), join(import.meta.dirname, '../dist/lab/scenarios'), {
  recursive: true,
})
