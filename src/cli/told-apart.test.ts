import { expect, test } from 'vitest'
import { idAndOwner, toldApart } from './told-apart.ts'

const nameOf = ({ name }: Readonly<Record<string, unknown>>): string => String(name)

test('beside a name that several have stands what tells them apart, and beside no other', () => {
  const things = [
    { id: '1', name: 'twin' },
    { id: '2', name: 'single' },
    { id: '3', name: 'twin' },
  ]
  expect(toldApart(things, nameOf)).toEqual(['twin (1)', 'single', 'twin (3)'])
})

test('one thing that is shown twice is one', () => {
  expect(
    toldApart(
      [
        { id: '1', name: 'one' },
        { id: '1', name: 'one' },
      ],
      nameOf,
    ),
  ).toEqual(['one', 'one'])
})

test('whose it is stands beside the id where that is known', () => {
  const things = [
    { id: '1', name: 'twin', visibility: 'team', ownerEmail: 'ben@example.com' },
    { id: '2', name: 'twin', visibility: 'public', ownerEmail: null },
  ]
  expect(toldApart(things, nameOf, idAndOwner)).toEqual(['twin (1, team of ben@example.com)', 'twin (2)'])
})
