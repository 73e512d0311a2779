// Puts our own command beside those of our dependencies, so that `npx causeway` in the repository finds it at once and silently.
// Plain JavaScript: `npm install --omit=dev` runs it with whatever Node the machine has.
import { existsSync, lstatSync, symlinkSync } from 'node:fs'

const bin = new URL('../node_modules/.bin/', import.meta.url)
const link = new URL('causeway', bin)

if (process.platform !== 'win32' && existsSync(bin) && lstatSync(link, { throwIfNoEntry: false }) === undefined) {
  symlinkSync('../../bin/causeway.js', link)
}
