/** The style sheet: dark and light, from 320 pixels on. Contrast is at least 4.5 to 1. */
export const style = `
:root {
  color-scheme: light dark;
  --bg: #fff; --fg: #1b1e22; --dim: #575d65; --line: #d5d9de; --edge: #7b838c; --head: #f4f5f7; --link: #0b57d0;
  --good: #0b6b2f; --warn: #865400; --bad: #b3261e; --part: #2f6bdc; --whole: #a9bfe9; --track: #e9ecf0; --act: #0b57d0; --onact: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #15181b; --fg: #e7e9ec; --dim: #a7aeb6; --line: #343a41; --edge: #858e98; --head: #1e2226; --link: #9cc2ff;
    --good: #74d992; --warn: #f0c453; --bad: #ff938c; --part: #6ea0ff; --whole: #35508a; --track: #282e35; --act: #9cc2ff; --onact: #10223d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; padding: 8px 12px; background: var(--bg); z-index: 3; }

header { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 20px; padding: 6px 20px; background: var(--head); border-bottom: 1px solid var(--line); }
.host { font-weight: 700; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 2px 4px; }
header nav a { padding: 5px 10px; border-radius: 5px; text-decoration: none; }
header nav a:hover { text-decoration: underline; }
header nav a[aria-current] { color: var(--fg); font-weight: 600; background: var(--bg); box-shadow: inset 0 0 0 1px var(--line); }
.live { margin-left: auto; display: flex; gap: 10px; align-items: center; color: var(--dim); font-size: 14px; }
#state.bad { color: var(--bad); }

main { padding: 8px 20px 24px; max-width: 1320px; margin: 0 auto; }
h1 { font-size: 22px; line-height: 1.3; margin: 12px 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 17px; line-height: 1.35; margin: 26px 0 2px; overflow-wrap: anywhere; }
p { margin: 8px 0; max-width: 75ch; }
small { font-size: 13px; color: var(--dim); font-weight: 400; }
.about { display: flex; flex-wrap: wrap; gap: 0 16px; margin: 2px 0 6px; color: var(--dim); }
.dim { color: var(--dim); }

.totals { display: grid; grid-template-columns: repeat(8, 1fr); margin: 10px 0 14px; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.totals div { padding: 7px 12px; box-shadow: 0 0 0 0.5px var(--line); min-width: 0; }
dt { color: var(--dim); font-size: 13px; }
dd { margin: 0; font-size: 20px; line-height: 1.3; font-variant-numeric: tabular-nums; }

.wide.fit { width: fit-content; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; max-width: 100%; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 10px; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); vertical-align: baseline; }
thead th { border-top: 0; background: var(--head); color: var(--dim); font-size: 13px; font-weight: 600; }
tbody th { font-weight: 500; }
tfoot th, tfoot td { color: var(--dim); font-weight: 500; background: var(--head); }
th:first-child { text-align: left; position: sticky; left: 0; z-index: 1; background: var(--bg); }
thead th:first-child, tfoot th:first-child { background: var(--head); }
th.text, td.state { text-align: left; }
td.state { white-space: normal; min-width: 130px; max-width: 420px; overflow-wrap: anywhere; }

.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.state.dim { color: var(--dim); }
.state.good::before, .state.warn::before, .state.bad::before, .state.dim:not(:empty)::before { content: ''; display: inline-block; width: 8px; height: 8px; margin-right: 7px; border-radius: 50%; background: currentColor; }
.state.bad::before { border-radius: 0; }
.state.dim:not(:empty)::before { background: none; box-shadow: inset 0 0 0 2px currentColor; }

svg.bar { width: 64px; height: 10px; margin-right: 4px; border-radius: 2px; background: var(--track); }
svg.bar .a { fill: var(--whole); } svg.bar .b { fill: var(--part); }
td span[data-k] { display: inline-block; min-width: 2.6em; }
td small span[data-k] { min-width: 0; }
svg.chart { display: block; width: 100%; max-width: 900px; height: auto; margin: 6px 0; }
svg.chart path { fill: none; stroke: var(--part); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
svg.chart line { stroke: var(--line); }
svg.chart text { fill: var(--dim); font-size: 12px; }

button, input, select { font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--edge); border-radius: 5px; padding: 3px 10px; min-height: 34px; max-width: 100%; }
button { cursor: pointer; background: var(--head); white-space: nowrap; }
button:hover { border-color: var(--fg); }
button.act { background: var(--act); border-color: var(--act); color: var(--onact); font-weight: 600; }
::placeholder { color: var(--dim); opacity: 1; }
.row { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin: 12px 0; max-width: none; }
.row label { display: flex; gap: 8px; align-items: center; max-width: 100%; }
.row label input { min-width: 0; flex: 1 1 auto; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 290px), 1fr)); gap: 14px; margin: 16px 0; }
.card { border: 1px solid var(--line); border-radius: 6px; padding: 2px 16px; }
.card h2 { margin-top: 12px; }
.note { border-left: 4px solid var(--warn); padding: 6px 12px; margin: 12px 0; background: var(--head); color: var(--fg); }
.note:empty { display: none; }
.note.bad { border-color: var(--bad); } .note.good { border-color: var(--good); }
pre, code { font: 14px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; margin: 8px 0; padding: 10px 14px; background: var(--head); border: 1px solid var(--line); border-radius: 6px; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
footer { padding: 10px 20px; color: var(--dim); font-size: 13px; border-top: 1px solid var(--line); }

@media (max-width: 640px) {
  header { padding: 6px 10px; } main { padding: 4px 10px 16px; } footer { padding: 8px 10px; }
  header nav { order: 3; width: 100%; margin-left: -5px; } header nav a { padding: 5px; font-size: 14px; }
  th, td { padding: 4px 8px; font-size: 14px; }
  .totals { grid-template-columns: repeat(4, 1fr); } .totals div { padding: 5px 8px; } dt { font-size: 12px; } dd { font-size: 16px; }
  tbody th { white-space: normal; min-width: 118px; max-width: 136px; overflow-wrap: anywhere; }
  td.state { min-width: 112px; }
  svg.chart text { font-size: 25px; }
  .row label { flex: 1 1 160px; }
}
@media (min-width: 1200px) {
  /* Columns stand below each other from service to service. */
  table.full { table-layout: fixed; }
  .full tbody th { white-space: normal; overflow-wrap: anywhere; }
  .full th:first-child { width: 23%; } .full th.text { width: 17%; } .full th:nth-child(3) { width: 8%; } .full th:nth-child(4) { width: 17%; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print { header nav, .live, form { display: none; } .wide { overflow: visible; } }
`;

/** The mark of the page: one that goes to three. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#0b57d0"/>' +
  '<path d="M6 16h8M14 16l10-9M14 16h11M14 16l10 9" stroke="#fff" stroke-width="3" stroke-linecap="round" fill="none"/></svg>';
