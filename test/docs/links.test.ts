import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { allPages, ROOT } from './pages.ts'

/** As GitHub makes them of a heading. */
function anchors(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each(allPages().map(({ path }) => path))('what %s links to is there', (path) => {
  const markdown = readFileSync(join(ROOT, path), 'utf8')
  const links = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to))
  const dead = links.filter((to) => {
    const [file = '', anchor] = to.split('#')
    const target = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file)
    if (!existsSync(target)) return true
    return anchor !== undefined && !anchors(readFileSync(target, 'utf8')).includes(anchor)
  })
  expect(dead).toEqual([])
})
