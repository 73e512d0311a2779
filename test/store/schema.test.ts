import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { columnsOf, schemaSource } from '../../scripts/schema-source.ts'
import { testDatabase } from '../support/database.ts'

test('the row types are what the migrations make', async () => {
  await using t = await testDatabase()
  const committed = await readFile(new URL('../../src/store/schema.ts', import.meta.url), 'utf8')
  expect(committed).toBe(schemaSource(await columnsOf(t.url)))
})
