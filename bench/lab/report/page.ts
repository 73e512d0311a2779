import { createHash } from 'node:crypto'
import { HOVER } from './hover.ts'
import { markup, trusted, type Markup } from './markup.ts'
import { PAGE, PALETTE } from './style.ts'

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** One file that needs nothing else and asks nobody; a policy of its own holds it to that. */
export function page(title: string, content: Markup): string {
  const style = `${PALETTE}\n${PAGE}`
  const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(HOVER)}; base-uri 'none'; form-action 'none'`
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(style)}</style></head>
<body><main>
${content}
</main><script>${trusted(HOVER)}</script></body></html>
`.markup
}
