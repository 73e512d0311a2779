import { expect, test } from 'vitest'
import { selectionOf } from './selection.ts'
import type { Selected } from './server.ts'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)
const tool = (id: string, name: string | null = null, description: string | null = null): Selected => ({
  kind: 'tool',
  id,
  name,
  description,
})
const prompt: Selected = { kind: 'prompt', id: B, name: null, description: null }

test('a body that says nothing of a selection leaves it', () => {
  expect(selectionOf({ name: 'x' }, [tool(A)])).toBeNull()
})

test.each([
  ['a list replaces its kind and no other', { associatedTools: [B] }, [tool(A), prompt], [tool(B), prompt]],
  ['an empty list clears', { associatedTools: [] }, [tool(A), prompt], [prompt]],
  ['one comma text, dashes and doubles', { associatedTools: `${A}, ${A},` }, [], [tool(A)]],
  ['what stays keeps its name', { associatedTools: [B, A] }, [tool(A, 'x')], [tool(B), tool(A, 'x')]],
  [
    'an override of one member keeps the other',
    { associatedToolOverrides: { [A]: { description: 'd' } } },
    [tool(A, 'x')],
    [tool(A, 'x', 'd')],
  ],
  ['null gives back its own', { associatedToolOverrides: { [A]: null } }, [tool(A, 'x', 'd')], [tool(A)]],
  [
    'null of one member too',
    { associatedToolOverrides: { [A]: { name: null } } },
    [tool(A, 'x', 'd')],
    [tool(A, null, 'd')],
  ],
])('%s', (_, body, now, then) => {
  expect(selectionOf(body, now)).toEqual(then)
})

test.each([
  [{ associatedTools: ['x'] }, 'associatedTools'],
  [{ associatedPrompts: 'x' }, 'associatedPrompts'],
  [{ associatedToolOverrides: { [B]: { name: 'x' } } }, 'associatedToolOverrides'],
])('%j is refused', (body, field) => {
  expect(() => selectionOf(body, [tool(A)])).toThrow(expect.objectContaining({ code: 'invalid_field', field }))
})
