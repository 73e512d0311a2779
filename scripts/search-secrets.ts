import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { secretsTold } from '../test/support/secrets-told.ts'
import type { Testimony } from '../test/support/witness.ts'

/**
 * `search-secrets.ts FOLDER`: after a run of the tests with TESTIMONY_FOLDER=FOLDER, looks for each secret that a gateway was
 * given or made in what that gateway wrote, refused and showed in the process list. Exits with 1 where one came out, and where there
 * was nothing to search.
 */
const [folder = ''] = process.argv.slice(2)
const sum = { gateways: 0, secrets: 0, bytes: 0, told: 0 }

for (const name of globSync('*.json', { cwd: folder })) {
  const testimony = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Testimony
  sum.gateways += 1
  sum.secrets += testimony.secrets.length
  for (const { text } of testimony.said) sum.bytes += text.length
  for (const { what, where, after } of secretsTold(testimony)) {
    sum.told += 1
    console.log(`${basename(name, '.json')}: ${what} in ${where}, after: ${JSON.stringify(after)}`)
  }
}

const megabytes = (sum.bytes / 1e6).toFixed(1)
console.log(`${sum.gateways} gateways, ${sum.secrets} secrets, ${megabytes} MB of what they said: ${sum.told} told`)
if (sum.told > 0 || sum.secrets === 0 || sum.bytes === 0) process.exitCode = 1
