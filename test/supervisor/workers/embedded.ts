import { startEmbedded } from '#/supervisor/embedded-postgres.ts'

// A process that owns an embedded PostgreSQL: says where it is, and stops it when told to.
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
try {
  const server = await startEmbedded({ dataDir: process.argv[2] ?? '', log: quiet, settings: { fsync: 'off' } })
  // Before the first word: whoever reads it may answer at once.
  process.once('SIGTERM', () => void server[Symbol.asyncDispose]())
  console.log(JSON.stringify({ url: server.url, pid: server.pid }))
} catch (error) {
  console.log(JSON.stringify({ error: (error as Error).message }))
}
