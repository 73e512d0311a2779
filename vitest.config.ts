import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'pure', include: ['src/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          // One PostgreSQL for the run; testDatabase() makes a database of its own for each test that wants one.
          globalSetup: ['test/support/database-server.ts'],
        },
      },
    ],
  },
})
