"""Holds the style sheet of the HTML reports: system fonts, two palettes, phone width and print."""

# One string, written into every page, since a report must open without any other file.
STYLE = """
:root{color-scheme:light dark;--paper:#fcfbf9;--card:#fff;--ink:#1b1d20;--soft:#5b626b;
--line:#e4e1da;
--track:#efece6;--shade:#0004;--accent:#0f6b6b;--loss:#b23a2a;--warn:#8a5a00;--warnpaper:#fdf5e3}
@media (prefers-color-scheme:dark){:root{--paper:#131517;--card:#1a1d20;--ink:#e9e7e2;
--soft:#a2a9b1;
--line:#2e3237;--track:#282c30;--shade:#000a;--accent:#54bdb3;--loss:#ff8a75;--warn:#f0c36a;--warnpaper:#2a2416}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header,footer{max-width:1080px;margin:0 auto;padding:0 32px}
header{padding-top:36px}
.eyebrow{margin:0 0 14px;color:var(--soft);font-size:14px;display:flex;flex-wrap:wrap;gap:4px 16px}
.eyebrow strong{color:var(--accent);font-weight:650;letter-spacing:.01em}
h1{margin:0;font-size:clamp(21px,3vw,29px);line-height:1.32;font-weight:620;
letter-spacing:-.012em;
max-width:30em;text-wrap:pretty;overflow-wrap:anywhere}
.tiles{display:flex;flex-wrap:wrap;gap:1px;margin:24px 0 0;
background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.tile{background:var(--card);padding:16px 20px 18px;margin:0;min-width:min-content;flex:1 1 150px}
.tile:nth-last-child(n+7):first-child,.tile:nth-last-child(n+7):first-child~.tile{flex-basis:210px}
.tile dt{color:var(--soft);font-size:13px}
.tile dd{margin:2px 0 0;font-size:22px;font-weight:600;letter-spacing:-.01em}
.tile dd.small{font-size:13px;font-weight:400;color:var(--soft);letter-spacing:0;margin-top:0;
overflow-wrap:anywhere}
section{margin:64px 0 0}
h2{margin:0 0 4px;font-size:20px;font-weight:620;letter-spacing:-.008em}
h3{margin:0 0 14px;font-size:15px;font-weight:600}
.verdict{margin:14px 0 0;max-width:46em;color:var(--soft);text-wrap:pretty}
.verdict+.verdict{margin-top:6px}
.told{margin:18px 0 0}.told>div{display:grid;grid-template-columns:7em minmax(0,1fr);gap:0 20px;
padding:12px 0;border-top:1px solid var(--line)}.told>div:first-child{border-top:0}
.told dt{font-weight:600;font-size:14px;padding-top:1px}.told dd{margin:0}
.told .verdict:first-child{margin-top:0}
.lead{margin:0 0 18px;color:var(--soft);max-width:46em}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:
linear-gradient(to right,var(--card) 40%,transparent) left/48px 100% no-repeat local,
linear-gradient(to left,var(--card) 40%,transparent) right/48px 100% no-repeat local,
linear-gradient(to right,var(--shade),transparent) left/14px 100% no-repeat scroll,
linear-gradient(to left,var(--shade),transparent) right/14px 100% no-repeat scroll,var(--card)}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
th,td{padding:10px 9px;text-align:right;white-space:nowrap;border-top:1px solid var(--line);
vertical-align:top}
thead th{border-top:0;color:var(--soft);font-weight:500;font-size:13px;vertical-align:bottom}
tbody th{font-weight:550}
th.t,td.t{text-align:left}
td.wrap,th.wrap{white-space:normal;overflow-wrap:break-word;min-width:6em;max-width:18em}
td.long{white-space:normal;min-width:6.5em;text-wrap:balance}
td.loss{color:var(--loss);font-weight:600}
td.gain{color:var(--accent);font-weight:600}
tr.sum th,tr.sum td{font-weight:650;border-top:1.5px solid var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));
gap:36px 56px;
margin-top:32px}
figure{margin:0;min-width:0}
figcaption{font-size:15px;font-weight:600;margin-bottom:14px}
figcaption small{display:block;font-weight:400;font-size:13px;color:var(--soft);margin-top:2px}
.chart{display:block;font-size:13.5px}
.chart text{fill:var(--ink)}
.chart .figure{text-anchor:end;fill:var(--soft)}
.chart .tick{fill:var(--soft);font-size:12px}
.chart .track{fill:var(--track)}
.chart .bar{fill:var(--accent)}
.chart .loss{fill:var(--loss)}
.chart line{stroke:var(--ink);stroke-width:1.5}
.chart .lower{fill:var(--ink);opacity:.45}
.chart .own{stroke:var(--accent);stroke-width:3}
.chart .other{stroke:var(--soft);stroke-width:3}
.chart .edged{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}
.chart .halo{stroke:var(--paper);stroke-width:5}
.chart .mark{stroke-width:2.5}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .rail{stroke:var(--track);stroke-width:2}
.chart .span{stroke:var(--accent);stroke-width:4}
.chart .dot{fill:var(--accent);stroke:var(--accent);stroke-width:2}
.chart .open{fill:var(--paper)}
.fine{margin:18px 0 0;padding:0 0 0 18px;color:var(--soft);font-size:14px;max-width:60em}
.fine li{margin:5px 0;padding-left:2px}
.warning{border:1px solid var(--line);border-left:4px solid var(--warn);background:var(--warnpaper);
border-radius:6px;padding:16px 20px}
.warning p{margin:6px 0 0;overflow-wrap:anywhere}
.warning .ids{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}
details{margin-top:18px}summary{cursor:pointer;color:var(--soft);font-size:14px;margin-bottom:12px}
.folded{margin-top:0;border-top:1px solid var(--line)}
.folded>details{margin:0}.folded>details>summary{padding:14px 0;margin:0;color:var(--ink)}
.folded>details>summary h2{display:inline;margin:0 0 0 4px}
.folded>details>summary small{margin-left:12px;color:var(--soft)}
.folded>details[open]{padding-bottom:44px}
main:has(.folded){margin-top:36px}
.told details{margin-top:2px}.told summary{margin-bottom:0;font-size:13px}
.empty{color:var(--soft);margin:0}
footer{margin-top:72px;padding-top:20px;padding-bottom:56px;color:var(--soft);font-size:13px}
@media (max-width:1160px){table{font-size:13.5px}thead th{font-size:12px;white-space:normal}
th,td{padding:9px 8px}.charts{column-gap:28px}}
@media (max-width:560px){.told>div{grid-template-columns:minmax(0,1fr)}
main,header,footer{padding-left:18px;padding-right:18px}header{
padding-top:32px}
section{margin-top:48px}.tiles{margin-top:26px}.tile{
padding:12px 14px 14px}
.tile{flex-basis:40%}.tile dd{font-size:19px}th,td{padding:9px 11px}
tbody th:first-child,thead th:first-child{position:sticky;left:0;background:var(--card)}
td.wrap,th.wrap{min-width:7em;max-width:11em}
.stacked thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stacked table,.stacked tbody{display:block}
.stacked tr{display:grid;grid-template-columns:repeat(3,1fr);gap:6px 12px;padding:10px 14px;
border-top:1px solid var(--line)}.stacked tr:first-child{border-top:0}
.stacked tr.sum{border-top:1.5px solid var(--soft)}
.stacked tbody th,.stacked tbody td{display:block;padding:0;border:0;text-align:left}
.stacked tbody th,.stacked td.wrap,.stacked td[colspan]{position:static;max-width:none;
grid-column:1/-1;overflow-wrap:anywhere}
.stacked td[data-label]::before{content:attr(data-label);display:block;color:var(--soft);
font-weight:400;font-size:11.5px;white-space:normal}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--track:#eee;
--accent:#0f6b6b;--loss:#b23a2a;--warn:#8a5a00;--warnpaper:#fff}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{font-size:12px}header{
padding-top:0}
main,header,footer{max-width:none;padding-left:0;padding-right:0}section{margin-top:30px}
details::details-content{content-visibility:visible;display:block;height:auto}
summary{list-style:none;cursor:auto}.told summary{display:none}
.folded>details>summary{padding:8px 0}.folded>details[open]{padding-bottom:18px}
figure,tr,.tiles,.warning{break-inside:avoid}summary{break-after:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible;
background:none}table{font-size:10.5px}th,td{padding:5px 6px;white-space:normal}}
"""
"""Styles every page. A table wider than its box scrolls in it; a shade at the edge shows that there
is more. On a phone, rows of many columns become blocks, each figure under the name of its column.
The contrast of text is 4.5:1 or more in both palettes (WCAG 2.2, 1.4.3)."""
