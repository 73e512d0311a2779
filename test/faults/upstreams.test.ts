import { afterAll, expect, test } from 'vitest'
import { unexplained } from '../../bench/faults/findings.ts'
import { openLab } from '../../bench/faults/lab.ts'
import { places } from '../../bench/faults/places.ts'
import { UPSTREAM_FAULTS } from '../../bench/faults/upstreams.ts'
import { print } from '../../bench/table.ts'

const lab = openLab({ short: true })
afterAll(() => lab[Symbol.asyncDispose]())

/** As in the short form: a time that a busy machine explains fails only when it is missed by far. */
test.each([...UPSTREAM_FAULTS, places].filter(({ short }) => short === true))(
  '$name',
  { timeout: 120_000 },
  async ({ name, run }) => {
    const findings = await run(lab)
    print(findings, name)
    expect(findings.length).toBeGreaterThan(3)
    expect(unexplained(findings)).toEqual([])
  },
)
