import { afterAll, describe, expect, test } from 'vitest'
import { DATABASE_FAULTS } from '../../bench/faults/database.ts'
import { missed } from '../../bench/faults/findings.ts'
import { openLab } from '../../bench/faults/lab.ts'
import { print } from '../../bench/table.ts'

const lab = openLab()
afterAll(() => lab[Symbol.asyncDispose]())

describe('under load', () => {
  test.each(DATABASE_FAULTS)('$name', async ({ name, run }) => {
    const findings = await run(lab)
    print(findings, name)
    expect(findings.length).toBeGreaterThan(5)
    expect(missed(findings)).toEqual([])
  })
})
