import { heavyStorms } from '../test/support/catalog-storm/heavy.ts'

/**
 * A catalog of 100,000 tools under 100 changes a second by eight processes that are killed at it, followed by two keepers. Spread over
 * 1,000 gateways, then all in one; woken by notifications, then by polling alone. Usage: npm run bench:catalog -- [seconds] [tools]
 */
await heavyStorms(Number(process.argv[2] ?? 30), Number(process.argv[3] ?? 100_000))
