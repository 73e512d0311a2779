import { createHash } from 'node:crypto'
import { escapeHtml } from '#/lib/html.ts'

/** Light and dark follow the reader's system; nothing is loaded. */
const STYLE = `
:root { color-scheme: light dark; --back: #fff; --fore: #1b1f24; --soft: #59636e; --line: #d1d9e0; --link: #0757c0 }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --fore: #e6edf3; --soft: #9aa4af; --line: #30363d; --link: #6cb0ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--fore); font: 18px/1.5 system-ui, sans-serif }
main { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem }
h1 { font-size: 1.5rem; line-height: 1.25 }
dl { border: 1px solid var(--line); border-radius: 8px; padding: .5rem 1rem; overflow-wrap: anywhere }
dt { color: var(--soft); font-size: .85rem }
dd { margin: 0 0 .5rem }
.code { font: 600 1.75rem ui-monospace, monospace; letter-spacing: .05em }
.meta { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere }
button { font: inherit; min-height: 2.75rem; padding: .5rem 1.25rem; margin: .5rem .75rem .5rem 0; border-radius: 8px;
  border: 2px solid var(--link); background: var(--back); color: var(--link); cursor: pointer }
button.main { background: var(--link); color: var(--back) }
button:focus-visible { outline: 3px solid var(--fore); outline-offset: 2px }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

export interface HtmlPage {
  readonly title: string
  /** What stands below the title: HTML, of which what came from elsewhere is escaped. */
  readonly content: string
  /** Where its form may lead, and where that may send the browser on to; a page without a form says none. */
  readonly formLeadsTo?: readonly string[]
}

interface Shown {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A page of ours for people: no script, nothing loaded, in no frame, and a form leads to where it says. */
export function htmlPage({ title, content, formLeadsTo = ["'none'"] }: HtmlPage): Shown {
  const policy = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `${policy}; form-action ${formLeadsTo.join(' ')}`,
    },
    body: Buffer.from(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – Causeway</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`),
  }
}
