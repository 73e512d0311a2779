import { migrate } from '#/store/migrate.ts'

// A process of its own, as each of several instances that start at once is one.
const quiet = { info: () => undefined, warn: () => undefined, error: console.error }
const { applied } = await migrate({ url: process.argv[2] ?? '', log: quiet, signal: AbortSignal.timeout(60_000) })
console.log(JSON.stringify(applied))
