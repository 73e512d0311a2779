import { expect, test } from 'vitest'
import { targetOf, whatOf } from './audit-what.ts'

const ann = { email: 'ann@example.com', userId: 'u1' }

test.each<[string, object, string, string]>([
  [
    'a member',
    { name: 'Payments', ...ann, changes: { member: [null, 'owner'] } },
    'Payments',
    'ann@example.com, added as owner',
  ],
  [
    'an owner',
    { name: 'Payments', ...ann, changes: { member: ['member', 'owner'] } },
    'Payments',
    'ann@example.com, owner, was member',
  ],
  [
    'who left',
    { name: 'Payments', ...ann, changes: { member: ['owner', null] } },
    'Payments',
    'ann@example.com, removed, was owner',
  ],
  [
    'a role in a team',
    { name: 'viewer', ...ann, team: 'Payments', was: null },
    'viewer',
    'ann@example.com, in Payments',
  ],
  ['a join', { name: 'Payments', ...ann, isOwner: false }, 'Payments', 'ann@example.com'],
  ['an invitation', { name: 'Payments', invited: [{ ...ann, isOwner: true }] }, 'Payments', 'ann@example.com as owner'],
  [
    'many',
    { name: 'All', members: Array.from({ length: 5 }, () => ann) },
    'All',
    'ann@example.com, ann@example.com, ann@example.com, 2 more',
  ],
  [
    'a user',
    { ...ann, changes: { enabled: [true, false], text: 'changed' } },
    'ann@example.com',
    'enabled true → false, text',
  ],
  ['a token', { name: 'ci', user: 'ann@example.com' }, 'ci', 'ann@example.com'],
  ['what says nothing', {}, 'thing t1', ''],
  ['what would move the cursor', { name: 'a\u001b[2Jb' }, 'ab', ''],
])('%s', (_, detail, target, what) => {
  const record = { target_kind: 'thing', target_id: 't1', detail }
  expect([targetOf(record), whatOf(record)]).toEqual([target, what])
})
