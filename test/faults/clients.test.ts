import { afterAll, expect, test } from 'vitest'
import { CLIENT_FAULTS } from '../../bench/faults/clients.ts'
import { unexplained } from '../../bench/faults/findings.ts'
import { greedy } from '../../bench/faults/greedy.ts'
import { openLab } from '../../bench/faults/lab.ts'
import { overload } from '../../bench/faults/overload.ts'
import { rush } from '../../bench/faults/rush.ts'
import { stdioServers } from '../../bench/faults/stdio.ts'
import { print } from '../../bench/table.ts'

const lab = openLab({ short: true })
afterAll(() => lab[Symbol.asyncDispose]())

const FAULTS = [overload, rush, greedy, stdioServers, ...CLIENT_FAULTS]

/** As in the short form: a time that a busy machine explains fails only when it is missed by far. */
test.each(FAULTS)('$name', { timeout: 120_000 }, async ({ name, run }) => {
  const findings = await run(lab)
  print(findings, name)
  expect(findings.length).toBeGreaterThan(3)
  expect(unexplained(findings)).toEqual([])
})
