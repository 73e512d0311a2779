import { describe, expect, test } from 'vitest'
import { escaped, markup } from './markup.ts'

describe('what is put into markup', () => {
  test.each([
    ['an element', '<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['the end of an attribute', '" onload="x', '&quot; onload=&quot;x'],
    ['the other end of an attribute', "' x='", '&#39; x=&#39;'],
    ['an entity', '&lt;', '&amp;lt;'],
    ['what XML cannot carry', 'a\u0000b\u001bc\ufffe', 'a\ufffdb\ufffdc\ufffd'],
    ['half a character', 'a\ud800', 'a\ufffd'],
  ])('%s is text', (_, text, written) => {
    expect(escaped(text)).toBe(written)
    expect(markup`<b title="${text}">${[text]}</b>`.markup).toBe(`<b title="${written}">${written}</b>`)
  })

  test('markup stays markup, lists are joined, null is nothing', () => {
    expect(markup`<p>${[markup`<i>${1}</i>`, ' & ', null]}</p>`.markup).toBe('<p><i>1</i> &amp; </p>')
  })
})
