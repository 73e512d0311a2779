/** Light and dark follow the reader's system; nothing is loaded. */
export const DOCS_STYLE = `
:root { --back: #fff; --fore: #1b1f24; --soft: #59636e; --line: #d1d9e0; --code: #f6f8fa; --link: #0757c0 }
@media (prefers-color-scheme: dark) {
  :root { --back: #0d1117; --fore: #e6edf3; --soft: #9aa4af; --line: #30363d; --code: #161b22; --link: #6cb0ff }
}
* { box-sizing: border-box }
body { margin: 0; display: grid; grid-template-columns: 21rem minmax(0, 1fr); background: var(--back); color: var(--fore);
  font: 16px/1.5 system-ui, sans-serif }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: .85rem }
nav .top { font-size: 1.25rem; font-weight: 600 }
nav h3 { margin: 1rem 0 .25rem }
nav ul { list-style: none; margin: 0; padding: 0 }
nav a { display: block; padding: .1rem 0; color: var(--fore); text-decoration: none; overflow-wrap: anywhere }
nav a:hover, nav a:focus { text-decoration: underline }
main { padding: 1rem 2rem 4rem; max-width: 60rem }
a { color: var(--link) }
h3 a { color: inherit; text-decoration: none }
h3 a:hover, h3 a:focus { text-decoration: underline }
h1 small, .meta { color: var(--soft); font-weight: normal }
h2, nav h3 { text-transform: capitalize }
section { border-top: 1px solid var(--line); padding: .5rem 0 1rem }
section:target { border-left: 3px solid var(--link); padding-left: 1rem; margin-left: calc(-1rem - 3px) }
summary { cursor: pointer; color: var(--soft) }
td:nth-child(1) { width: 16rem }
td:nth-child(2) { width: 14rem }
b.GET, b.POST, b.PUT, b.PATCH, b.DELETE { font: 600 .8em ui-monospace, monospace }
b.GET { color: #1a7f37 } b.POST { color: #0757c0 } b.PUT, b.PATCH { color: #9a5b00 } b.DELETE { color: #cf222e }
@media (prefers-color-scheme: dark) {
  b.GET { color: #56d364 } b.POST { color: #6cb0ff } b.PUT, b.PATCH { color: #e3b341 } b.DELETE { color: #ff7b72 }
}
code, pre { font-family: ui-monospace, monospace; font-size: .875em; overflow-wrap: anywhere }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow-x: auto }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9rem }
caption { text-align: left; font-weight: 600; padding: .25rem 0 }
td { border-top: 1px solid var(--line); padding: .25rem .75rem .25rem 0; vertical-align: top; overflow-wrap: anywhere }
td em { color: var(--soft); font-size: .85em }
@media (max-width: 50rem) {
  body { display: block }
  nav { position: static; height: auto; max-height: 14rem; border-right: 0; border-bottom: 1px solid var(--line) }
  nav h3:first-of-type { margin-top: .25rem }
  main { padding: 1rem }
  td:nth-child(n) { width: auto }
}
`
