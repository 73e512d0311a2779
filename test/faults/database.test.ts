import { afterAll, describe, expect, test } from 'vitest'
import { DATABASE_FAULTS } from '../../bench/faults/database.ts'
import type { Fault } from '../../bench/faults/fault.ts'
import { NOT_TRIED, unexplained } from '../../bench/faults/findings.ts'
import { openLab } from '../../bench/faults/lab.ts'
import { POOLER_FAULTS } from '../../bench/faults/pooler.ts'
import { PROCESS_FAULTS } from '../../bench/faults/processes.ts'
import { SERVER_FAULTS } from '../../bench/faults/servers.ts'
import { START_FAULTS } from '../../bench/faults/start-without.ts'
import { print } from '../../bench/table.ts'
import { needs } from '../support/needs.ts'

const lab = openLab()
afterAll(() => lab[Symbol.asyncDispose]())

const GROUPS: Readonly<Record<string, readonly Fault[]>> = {
  'the database goes away': DATABASE_FAULTS,
  'its server': SERVER_FAULTS,
  'its pooler': POOLER_FAULTS,
  'it is away at the start': START_FAULTS,
  'our own processes': PROCESS_FAULTS,
}

describe.each(Object.entries(GROUPS))('under load, %s', (_group, faults) => {
  test.for(faults)('$name', { timeout: 120_000 }, async (fault, context) => {
    needs(context, ...(fault.needs ?? []))
    const findings = await fault.run(lab)
    print(findings, fault.name)
    const [only] = findings
    if (only?.figure === NOT_TRIED) context.skip(only.measured)
    expect(findings.length).toBeGreaterThan(5)
    expect(unexplained(findings)).toEqual([])
  })
})
