import { expect, test } from 'vitest'
import { UserId } from './ids.ts'
import { ProxiedUsers } from './proxied-users.ts'

const [ann, zoe] = [UserId.mint(), UserId.mint()]
const KNOWN: Readonly<Record<string, UserId>> = { 'ann@example.com': ann, '\u00C9lan@example.com': zoe }
const users = { userByEmail: (email: string) => KNOWN[email] }

test('who was named last is forgotten last', () => {
  const few = new ProxiedUsers(2)
  const everybody = { ...KNOWN, 'eve@example.com': UserId.mint() } as Readonly<Record<string, UserId>>
  const find = (email: string) => few.find([email], { userByEmail: (one) => everybody[one] })
  const first = find('ann@example.com')
  const second = find('\u00C9lan@example.com')
  expect(find('ann@example.com')).toBe(first)
  const third = find('eve@example.com')
  expect([first, second, third].map(({ id }) => few.byId(id))).toEqual([first, undefined, third])
})

test('whom a proxy names is whoever has that address here, however its ASCII letters are written', () => {
  const proxied = new ProxiedUsers()
  expect(proxied.find([' ANN@Example.com '], users).userId).toBe(ann)
  expect(proxied.find(['\u00C9LAN@example.com'], { userByEmail: (email) => KNOWN[email] }).userId).toBe(zoe)
  expect(() => proxied.find(['\u00E9lan@example.com'], users)).toThrow('names nobody here')
  expect(() => proxied.find(['ann@example.com', 'ann@example.com'], users)).toThrow('more than one')
})
