import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { GatewayId } from '#/access/ids.ts'
import { sealer } from '#/access/sealing.ts'
import { changedFields } from './changed-fields.ts'
import { declare, redeclare } from './declaration.ts'
import type { GatewayUpdate } from './gateway-input.ts'

const id = GatewayId.mint()
const seal = sealer({ current: 'k1', keys: new Map([['k1', randomBytes(32)]]) })
const URL = 'http://127.0.0.1:9/'
const before = declare(id, { name: 'one', url: URL, authType: 'bearer', authToken: 'first' }, seal).declaration

test.each<[string, GatewayUpdate, string[]]>([
  ['nothing', { name: 'one', url: URL }, []],
  ['a name, whose slug follows', { name: 'two' }, ['name']],
  [
    'several',
    { description: 'new', tags: ['tag'], refreshIntervalSeconds: 60 },
    ['description', 'tags', 'refreshIntervalSeconds'],
  ],
  ['another secret', { authType: 'bearer', authToken: 'second' }, ['credential']],
  ['the same secret, sealed anew', { authType: 'bearer', authToken: 'first' }, []],
  ['no secret any more', { authType: 'none' }, ['credential']],
])('%s', (_, body, expected) => {
  const { declaration } = redeclare(before, { id, body, sealer: seal })
  expect(changedFields(before, declaration, { id, sealer: seal })).toEqual(expected)
})
