import { expect, test } from 'vitest'
import { METHODS, methodIn } from './methods.ts'

test('every method: eras, kind, permission, target', () => {
  const rows = Object.entries(METHODS).map(
    ([method, row]) => `${method} ${row.eras.join('+')} ${row.kind} ${String(row.permission)} ${String(row.target)}`,
  )
  expect(rows).toMatchInlineSnapshot(`
    [
      "initialize legacy local null null",
      "ping legacy local null null",
      "logging/setLevel legacy local null null",
      "server/discover modern local null null",
      "notifications/initialized legacy notification null null",
      "notifications/cancelled legacy+modern notification null null",
      "notifications/progress legacy notification null null",
      "notifications/roots/list_changed legacy notification null null",
      "tools/list legacy+modern list tools.read null",
      "tools/call legacy+modern relay tools.execute name",
      "resources/list legacy+modern list resources.read null",
      "resources/templates/list legacy+modern list resources.read null",
      "resources/read legacy+modern relay resources.read uri",
      "prompts/list legacy+modern list prompts.read null",
      "prompts/get legacy+modern relay prompts.read name",
      "completion/complete legacy+modern relay null null",
      "resources/subscribe legacy later resources.read null",
      "resources/unsubscribe legacy later resources.read null",
      "subscriptions/listen modern later null null",
    ]
  `)
})

test('a method exists only in its eras', () => {
  expect(methodIn('modern', 'initialize')).toBeUndefined()
  expect(methodIn('legacy', 'initialize')?.kind).toBe('local')
  expect(methodIn('legacy', 'server/discover')).toBeUndefined()
  expect(methodIn('modern', 'tools/call')?.target).toBe('name')
  for (const odd of ['', 'toString', '__proto__', 'Tools/call']) expect(methodIn('legacy', odd)).toBeUndefined()
})
