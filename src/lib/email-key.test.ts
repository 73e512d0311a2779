import { expect, test } from 'vitest'
import { emailKey } from './email-key.ts'

test.each([
  ['Ann@Example.COM', 'ann@example.com'],
  ['\u212Aate@example.com', '\u212Aate@example.com'],
  ['ann@example.com\u0130', 'ann@example.com\u0130'],
  ['\ud800nn@example.com', '\ufffdnn@example.com'],
])('%j is known as %j', (email, key) => expect(emailKey(email)).toBe(key))
