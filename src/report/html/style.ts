/**
 * Style sheet of the page: one column of text, figures that may be wider, light and dark, phone to desktop, and paper.
 */
import { DARK, FIGURE_CSS, LIGHT, SANS } from '../figures/theme';
import type { Palette } from '../figures/theme';

const SERIF = "'Iowan Old Style', Charter, 'Source Serif 4', 'Palatino Linotype', Georgia, 'Liberation Serif', serif";

function variables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');
}

const LAYOUT = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.55 ${SERIF}}
main,footer{max-width:1060px;margin:0 auto;padding:0 24px}
header{border-top:6px solid var(--ink);padding-top:14px;margin-top:28px}
h1,h2,h3,p,ul,dl,figure{margin:0}
.kicker,.keys,figure,table,.details,footer,.eyebrow{font-family:${SANS}}
.kicker{font-size:13px;color:var(--muted);display:flex;flex-wrap:wrap;gap:4px 16px;justify-content:space-between}
.kicker b{color:var(--forget);font-weight:700}
h1{font-size:clamp(30px,5.4vw,46px);line-height:1.08;letter-spacing:-.015em;font-weight:700;margin:22px 0 10px;max-width:20em;overflow-wrap:anywhere}
.deck{font-size:clamp(18px,2.3vw,21px);line-height:1.4;color:var(--muted);max-width:38em}
.keys{margin:30px 0 6px;padding:14px 0 18px;border-top:1px solid var(--grid);border-bottom:1px solid var(--grid)}
.keys h2{font-size:15px;font-weight:700;color:var(--forget);margin-bottom:12px;overflow-wrap:anywhere}
.keys dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:20px 28px}
.keys dt{font-size:13px;font-weight:650;line-height:1.3}
.keys dd{margin:0}
.keys .big{font-size:34px;line-height:1.2;font-weight:700;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.keys small span{display:block}
.keys small{display:block;font-size:13px;line-height:1.4;color:var(--muted);letter-spacing:0;font-weight:400}
.prose{max-width:39em}
.prose h2{font-size:24px;line-height:1.2;margin:30px 0 10px}
.prose p+p{margin-top:.8em}
.prose .lead{font-size:20px;line-height:1.45}
.prose ul{padding-left:1.1em;margin-top:.7em}
.prose li{margin:.35em 0}
.prose li::marker{color:var(--forget)}
.caution{border-left:3px solid var(--forget);background:var(--wash);padding:12px 18px;margin-top:24px;font:15px/1.5 ${SANS}}
.caution h2{font-size:15px;margin:0 0 4px}
.caution ul{padding-left:1.1em}
figure{border-top:1px solid var(--ink);padding-top:12px;margin-top:48px}
figcaption{margin-bottom:16px;max-width:46em}
figcaption h2{font-size:21px;line-height:1.25;font-weight:700;letter-spacing:-.005em}
figcaption p{font-size:15px;line-height:1.45;color:var(--muted);margin-top:3px}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 20px;margin-top:8px;font-size:14px;font-weight:650}
.legend svg{vertical-align:middle;margin-right:8px}
.panels{display:grid;gap:28px 32px;align-items:start}
.panels>svg{width:100%;height:auto;display:block;overflow:visible}
.w180{grid-template-columns:repeat(auto-fill,minmax(min(100%,150px),1fr))}
.w180>svg{max-width:230px}
.w232{grid-template-columns:repeat(auto-fill,minmax(min(100%,220px),1fr))}
.w232>svg{max-width:290px}
.w300{grid-template-columns:repeat(auto-fill,minmax(min(100%,285px),1fr))}
.w460{grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr))}
.panels.few{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),340px))}
.scroll{overflow-x:auto;margin:0 -24px;padding:0 24px}
.scroll:focus-visible{outline:2px solid var(--test);outline-offset:-2px}
table{border-collapse:collapse;font-size:14.5px;line-height:1.3;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:8px 0 8px 14px;text-align:right;vertical-align:top;white-space:nowrap}
thead th{font-size:12.5px;font-weight:650;vertical-align:bottom;white-space:normal;min-width:74px;border-bottom:1px solid var(--ink)}
thead abbr{text-decoration:underline dotted var(--original);text-underline-offset:3px;cursor:help}
thead span{display:block;font-weight:400;color:var(--muted)}
tbody tr{border-bottom:1px solid var(--grid)}
th:first-child,th.word,td.word{text-align:left}
th:first-child{padding-left:0;position:sticky;left:0;background:var(--paper);z-index:1;font-weight:650}
tbody th{padding-right:6px}
td small{display:block;font-size:12.5px;color:var(--muted)}
td .spread{color:var(--muted);font-size:12.5px}
table.differences td,table.differences th{padding-top:5px;padding-bottom:5px}
tr.reference th,tr.reference td{background:var(--wash)}
tr.original th,tr.original td{color:var(--muted)}
tr.focus th{color:var(--forget)}
.best{font-weight:750;border-bottom:3px solid var(--forget)}
.note{font:13px/1.5 ${SANS};color:var(--muted);margin-top:10px;max-width:60em}
.details{font-size:14px;line-height:1.5;margin-top:48px;border-top:1px solid var(--ink);padding-top:12px}
.details h2{font-size:18px;margin-bottom:8px}
.details dl{display:grid;grid-template-columns:minmax(90px,max-content) 1fr;gap:4px 20px}
.details dt{color:var(--muted)}
.details dd{margin:0;overflow-wrap:anywhere}
.metrics dt{color:var(--ink);font-weight:650}
.metrics dd{color:var(--muted);max-width:48em}
details{margin-top:14px}
summary{cursor:pointer;font-weight:650}
pre{font-size:12.5px;line-height:1.45;overflow-x:auto;background:var(--wash);padding:14px}
footer{font-size:13px;color:var(--muted);margin-top:40px;padding-bottom:48px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:560px){body{font-size:16px}main,footer{padding:0 16px}.scroll{margin:0 -16px;padding:0 16px}header{margin-top:14px}figure,.details{margin-top:38px}.keys dl{grid-template-columns:1fr 1fr;gap:18px}.keys .big{font-size:28px}.metrics dl{grid-template-columns:1fr}.metrics dd{margin-bottom:8px}}
@media print{body{font-size:11pt}figure,tr{break-inside:avoid}.scroll{overflow:visible}}
`;

/** The whole style sheet, without anything that a reader's browser would have to fetch. */
export const PAGE_CSS =
  `:root{color-scheme:light dark;${variables(LIGHT)}}` +
  `@media(prefers-color-scheme:dark){:root{${variables(DARK)}}}${LAYOUT}${FIGURE_CSS}`;
