import { serveUntilStopped } from '../test/support/listen.ts'
import { startSlowServer } from '../test/fixtures/slow-server.ts'

/** The upstream of all measurements, in a process of its own: both eras, cheap per call; TOOLS sets the length of its list. */
await serveUntilStopped((port) => startSlowServer(port, Number(process.env['TOOLS'] ?? 2)))
