import { expect, test } from 'vitest'
import { changesOf } from './changes-of.ts'

const before = { visibility: 'public', maxMembers: null, tags: [{ id: 'a', label: 'A' }], text: 'x'.repeat(2_000) }

test.each<[string, Readonly<Record<string, unknown>>, object]>([
  ['nothing', { visibility: 'public', maxMembers: undefined, tags: [{ label: 'A', id: 'a' }] }, {}],
  [
    'what was and what is',
    { visibility: 'private', maxMembers: 10 },
    { visibility: ['public', 'private'], maxMembers: [null, 10] },
  ],
  ['what was not there', { other: 1 }, { other: [null, 1] }],
  ['of what is long only that it is another', { text: 'y'.repeat(2_000) }, { text: 'changed' }],
])('%s', (_, after, changes) => {
  expect(changesOf(before, after)).toEqual({ changes })
})
