import { expect, test } from 'vitest'
import { slugify } from './slug.ts'

test.each([
  ['Fast Time_Srv', 'fast-time-srv'],
  ['get_system_time', 'get-system-time'],
  ['already-a-slug9', 'already-a-slug9'],
  ['  --Trim me--  ', 'trim-me'],
  ['a___b...c', 'a-b-c'],
  ["don't stop", 'dont-stop'],
  ["'quoted' text's", 'quoted-texts'],
  ["rock 'n' roll", 'rock-n-roll'],
  ['Ærøskøbing Straße', 'aeroskobing-strasse'],
  ['Crème Brûlée', 'creme-brulee'],
  ['ﬁne №5', 'fine-no5'],
  ['Ｆｕｌｌ', 'full'],
  ['日本語', ''],
  ['日本 tool', 'tool'],
  ['', ''],
  ['---', ''],
  ['UPPER-case', 'upper-case'],
  ['K', 'k'],
])('%j → %j', (text, slug) => expect(slugify(text)).toBe(slug))

test('a slug is its own slug', () => {
  for (const text of ['Fast Time_Srv', "don't", 'Ærø', 'x']) expect(slugify(slugify(text))).toBe(slugify(text))
})
