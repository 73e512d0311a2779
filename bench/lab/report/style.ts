import { COLOURS } from './colours.ts'

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif'

const variables = (shade: 'light' | 'dark', own: string): string =>
  `${own};${Object.values(COLOURS)
    .map((colour) => `--${colour.name}:${colour[shade]}`)
    .join(';')}`

const LIGHT = variables(
  'light',
  '--paper:#fff;--card:#f6f8fa;--ink:#1a222c;--soft:#5b6775;--rule:#dfe4ea;--shade:#8593a31f;--grid:#dde2e8;--base:#98a3b0;--good:#12706a;--poor:#b3261e;--fair:#8f5f00',
)
const DARK = variables(
  'dark',
  '--paper:#11161c;--card:#181f27;--ink:#dfe6ee;--soft:#95a2b1;--rule:#29323d;--shade:#8fa0b31c;--grid:#27303b;--base:#5a6776;--good:#5fd0bd;--poor:#ff8a7f;--fair:#e5b45a',
)

/** Shared by the page and by pictures that stand alone. Paper is always white. */
export const PALETTE = `:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
${Object.values(COLOURS)
  .map(({ name }) => `.line.${name}{stroke:var(--${name})}.area.${name}{fill:var(--${name})}`)
  .join('\n')}
.tick{fill:var(--soft)}.key,.title{fill:var(--ink)}.grid{stroke:var(--grid)}.base{stroke:var(--base)}.shade{fill:var(--shade)}
svg text{font-family:${FONT};font-variant-numeric:tabular-nums}`

export const PAGE = `*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.5 ${FONT};font-variant-numeric:tabular-nums}
main{max-width:1240px;margin:0 auto;padding:36px 24px 64px}
h1{font-size:27px;line-height:1.2;letter-spacing:-.015em;margin:0 0 4px}
h2{font-size:16px;margin:44px 0 12px;letter-spacing:-.005em}
p{margin:0 0 8px;max-width:75ch}
h3{font-size:14px;margin:30px 0 8px}
.soft,.about{color:var(--soft)}
.about{font-size:15px;margin-bottom:14px}
.facts{max-width:none;display:flex;flex-wrap:wrap;gap:2px 22px;margin:0 0 22px;color:var(--soft);font-size:13px}
.facts b{color:var(--ink);font-weight:600}
.warning{border-left:3px solid var(--fair);padding:6px 12px;background:var(--card);margin:0 0 16px}
.verdicts{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:10px}
.verdict{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 14px 11px;break-inside:avoid}
.verdict dt{font-size:12.5px;color:var(--soft)}
.verdict dd{margin:0}
.figure{font-size:23px;font-weight:600;letter-spacing:-.02em;line-height:1.3;white-space:nowrap}
.figure small{font-size:14px;font-weight:400;letter-spacing:0}
.detail{font-size:12px;line-height:1.4;color:var(--soft)}
.mark{font-size:16px;margin-right:5px}
.good .mark{color:var(--good)}.poor .mark{color:var(--poor)}.fair .mark{color:var(--fair)}
.poor .figure{color:var(--poor)}
td .figure{font-size:17px}td .mark{font-size:14px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:26px 30px}
figure{margin:0;min-width:0;break-inside:avoid}
figcaption{display:flex;flex-direction:column;font-size:12.5px;color:var(--soft);min-height:42px}
figcaption strong{font-size:13.5px;color:var(--ink);font-weight:600}
.legend{display:flex;flex-wrap:wrap;gap:0 18px;min-height:20px}
.legend b{color:var(--ink);font-weight:600;display:inline-block;min-width:5.5em}
.swatch{margin-right:6px}
.plot{display:block;width:100%;height:auto;touch-action:pan-y}
.cursor{stroke:var(--ink);stroke-width:1;opacity:.45}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
th{font-weight:600;text-align:left;color:var(--soft);font-size:12px;white-space:nowrap}
th,td{padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top}
td.n,th.n{text-align:right;padding-right:0;padding-left:14px;white-space:nowrap}
th.group{text-align:center;border-bottom:1px solid var(--base);padding-left:14px}
td.wide,th.wide{padding-left:14px}td.wide{overflow-wrap:anywhere;min-width:170px}
td.bad{color:var(--poor);font-weight:600}
tr.first td{border-top:1px solid var(--base)}
code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:12px}
pre{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:14px 16px;overflow-x:auto;line-height:1.55;margin:0}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:0 30px}
.columns>*{min-width:0}.columns h3{margin-top:6px}
@media (max-width:600px){main{padding:22px 14px}.plot text{font-size:13.5px}.verdicts{grid-template-columns:1fr 1fr}.figure{font-size:20px}}
@media print{@page{margin:12mm}main{padding:0;max-width:none}body{font-size:11px}h2{margin-top:22px;break-after:avoid}.plots{grid-template-columns:1fr 1fr;gap:14px}.columns{grid-template-columns:1fr 1fr}
pre{white-space:pre-wrap}tr{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}.verdicts{grid-template-columns:repeat(4,1fr)}}`
