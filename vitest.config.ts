import { defineConfig } from 'vitest/config'

/** Tests that measure: load that needs the machine, memory, how soon something is seen. Each file runs with nothing beside it. */
const ALONE = [
  'test/access/cross-talk.test.ts',
  'test/pool-of-one.test.ts',
  'test/catalog/effects.test.ts',
  'test/catalog/people-load.test.ts',
  'test/catalog/search-load.test.ts',
  'test/ways-out.test.ts',
  'test/catalog/storm.test.ts',
  'test/fidelity/large.test.ts',
  'test/upstream/flow.test.ts',
  'test/faults/**/*.test.ts',
]

/** One PostgreSQL for the run; testDatabase() makes a database of its own for each test that wants one. */
const globalSetup = ['test/support/database-server.ts']

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'pure', include: ['src/**/*.test.ts', 'bench/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'whole',
          // Not `exclude`, which would hide the one of the command line.
          include: ['test/**/*.test.ts', ...ALONE.map((path) => `!${path}`)],
          globalSetup,
          // Most of their time they wait for processes, timers and sockets.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, globalSetup, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
})
