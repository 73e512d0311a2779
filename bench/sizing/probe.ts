import { appendFileSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Loaded into the processes of a gateway before their program (`node --import`): on SIGUSR2 each collects its garbage and writes down
 * what is left. What a thing costs drowns in garbage otherwise.
 */
const folder = process.env['MEMORY_PROBE']
if (folder !== undefined) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const file = `${folder}/${process.pid}`
  writeFileSync(file, '')
  process.on('SIGUSR2', () => {
    for (let times = 0; times < 3; times++) collect()
    const { heapUsed, external, rss } = process.memoryUsage()
    appendFileSync(file, `${JSON.stringify({ kept: heapUsed + external, resident: rss })}\n`)
  })
}
