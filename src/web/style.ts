/** The style sheet: dark and light, from 320 pixels on. Contrast is at least 4.5 to 1. */
export const style = `:root{color-scheme:light dark;--bg:#fff;--fg:#1a1c1e;--dim:#55595e;--line:#c9cdd2;--head:#f1f3f5;--link:#0b57d0;
--good:#0a6b2d;--warn:#8a5a00;--bad:#b3261e;--bar:#5b8def;--bar2:#c9cdd2;--focus:#0b57d0}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e8ea;--dim:#a5abb2;--line:#3b4147;--head:#1f2429;--link:#9cc2ff;
--good:#6fdc8c;--warn:#f1c21b;--bad:#ff8f88;--bar:#5b8def;--bar2:#3b4147;--focus:#9cc2ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.45 system-ui,sans-serif}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--bg);padding:8px;z-index:2}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;padding:8px 16px;background:var(--head);border-bottom:1px solid var(--line)}
header strong{font-size:18px}nav{display:flex;flex-wrap:wrap;gap:4px 14px}nav a[aria-current]{color:var(--fg);font-weight:600;text-decoration:none}
main{padding:12px 16px;max-width:1500px;margin:0 auto}
h1{font-size:20px;margin:8px 0}h2{font-size:17px;margin:20px 0 6px}
dl.totals{display:flex;flex-wrap:wrap;gap:8px 28px;margin:8px 0}dl.totals div{min-width:90px}dt{color:var(--dim);font-size:13px}dd{margin:0;font-size:20px;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto;margin:0 0 18px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:6px 0}caption small,td small{color:var(--dim);font-weight:400}
th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child,th.text,td.text{text-align:left}thead th{color:var(--dim);font-weight:600;font-size:13px;background:var(--head)}
td.text{white-space:normal;min-width:150px}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.dim{color:var(--dim)}
svg.bar{width:90px;height:12px;vertical-align:middle}svg.bar .a{fill:var(--bar2)}svg.bar .b{fill:var(--bar)}
svg.chart{width:100%;max-width:720px;height:140px;background:var(--head);border:1px solid var(--line)}svg.chart polyline{fill:none;stroke:var(--bar);stroke-width:2}
svg.chart text{fill:var(--dim);font-size:12px}
form.inline{display:inline}button,input,select{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--dim);border-radius:4px;padding:4px 10px;min-height:32px}
button{cursor:pointer;background:var(--head)}fieldset{border:1px solid var(--line);margin:8px 0;padding:8px 12px}label{display:inline-block;margin:4px 12px 4px 0}
.note{border-left:4px solid var(--warn);padding:6px 12px;margin:10px 0;background:var(--head)}.note.bad{border-color:var(--bad);color:inherit}.note.good{border-color:var(--good);color:inherit}
pre{overflow-x:auto;background:var(--head);border:1px solid var(--line);padding:8px 12px}
footer{padding:8px 16px;color:var(--dim);font-size:13px;border-top:1px solid var(--line)}
@media (max-width:640px){main{padding:8px}th,td{padding:3px 5px;font-size:14px}dl.totals{gap:6px 18px}dd{font-size:17px}}
`;
