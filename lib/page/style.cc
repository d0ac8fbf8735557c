#include "page/assets.h"

namespace runwatch::page {

// Contrast is at least 4.5 to 1 for text, on each background, in both themes; 3 to 1 for what is drawn.
std::string_view style_sheet() {
  return R"css(:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #16191d; --dim: #59616b; --line: #d9dde3; --link: #0b57b0;
  --bad: #b3261e; --bad-soft: #fdeceb; --warn: #8a5300; --warn-soft: #fff4df; --good: #1a6d35; --good-soft: #e7f6eb;
  --failed: #d13b30; --partial: #a3a338; --completed: #45a35d; --running: #2f7fd6; --processing: #7fb3ea;
  --scheduled: #98a2ae; --pending: #c3cad3; --hold: #d79a2b; --unknown: #9a62c7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #181c22; --ink: #e8ebef; --dim: #a0a9b4; --line: #2e353e; --link: #83b9f8;
    --bad: #ff8d85; --bad-soft: #3a1a1a; --warn: #f2b856; --warn-soft: #33270f; --good: #6fcf8b; --good-soft: #14301d;
    --failed: #e5534b; --partial: #a9a63e; --completed: #3f9a57; --running: #4a94e6; --processing: #33659c;
    --scheduled: #69737f; --pending: #464f5a; --hold: #c28a22; --unknown: #a672d0;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
body > * { max-width: 84rem; margin-inline: auto; padding-inline: 1.25rem; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible,
[tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; display: block; padding-block: .5rem; }
.hide { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.dim, .sub { color: var(--dim); }
.sub { font-size: .85rem; font-weight: 400; }
.bad-text { color: var(--bad); font-weight: 600; }
.warn-text { color: var(--warn); font-weight: 600; }
.good-text { color: var(--good); font-weight: 600; }
.n, time { font-variant-numeric: tabular-nums; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
bdi { overflow-wrap: anywhere; }
.id { font-size: .78rem; font-weight: 600; }
)css"
         R"css(
.top { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; padding-block: .6rem .4rem; }
.top .name { font-weight: 700; text-decoration: none; color: inherit; }
.top nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-inline-start: auto; font-size: .85rem; }
.verdict { border-inline-start: .5rem solid var(--line); background: var(--card); border-radius: 6px;
  padding: .65rem 1rem; box-shadow: 0 1px 2px #0002; }
.verdict h1 { font-size: 1.35rem; line-height: 1.3; margin: 0; }
.verdict p { margin: .15rem 0 0; }
.verdict.bad { border-color: var(--bad); background: var(--bad-soft); }
.verdict.warn { border-color: var(--warn); background: var(--warn-soft); }
.verdict.good { border-color: var(--good); background: var(--good-soft); }
.notes { list-style: none; margin: .5rem 0 0; padding: 0; }
.notes li { background: var(--card); border-inline-start: .5rem solid var(--warn); border-radius: 6px;
  padding: .3rem 1rem; margin-block-start: .35rem; box-shadow: 0 1px 2px #0002; }
.notes li.bad { border-color: var(--bad); }
.stale { background: var(--bad); color: var(--page); padding-block: .4rem; font-weight: 600; }
main > section, main > details { margin-block-start: 1.4rem; }
h2 { font-size: 1.05rem; margin: 0; }
h3 { font-size: .95rem; margin: 1rem 0 .3rem; }
.head { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; align-items: baseline; margin-block-end: .4rem; }
summary { cursor: pointer; padding-block: .3rem; }
summary h2 { display: inline; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: 0; padding: 0;
  font-size: .8rem; color: var(--dim); }
.key { width: .7rem; height: .7rem; margin-inline-end: .3rem; border-radius: 2px; vertical-align: -1px; }
.bar { display: block; width: 100%; height: .8rem; border-radius: 3px; background: var(--line); }
.plot { display: block; width: 100%; background: var(--page); border-radius: 3px; }
.plot.small { height: 2.4rem; }
.plot.large { height: 12rem; }
.s-failed { fill: var(--failed); } .s-partially_completed { fill: var(--partial); }
.s-completed { fill: var(--completed); } .s-in_progress { fill: var(--running); }
.s-processing { fill: var(--processing); } .s-scheduled { fill: var(--scheduled); }
.s-pending { fill: var(--pending); } .s-hold { fill: var(--hold); } .s-unknown { fill: var(--unknown); }
)css"
         R"css(
.wide { overflow-x: auto; background: var(--card); border-radius: 6px; box-shadow: 0 1px 2px #0002; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .5rem .7rem; text-align: start; vertical-align: top; border-block-end: 1px solid var(--line); }
tbody tr:last-child > * { border-block-end: 0; }
thead th { color: var(--dim); font-size: .8rem; font-weight: 500; padding-block: .35rem; white-space: nowrap; }
tbody th { font-weight: 600; }
td.n, th.n { text-align: end; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .55rem;
  font-size: .8rem; font-weight: 600; white-space: nowrap; color: var(--dim); }
.badge.bad { color: var(--bad); } .badge.warn { color: var(--warn); } .badge.good { color: var(--good); }
.failed b { font-size: 1.25rem; line-height: 1.15; }
.runs { table-layout: fixed; }
.runs .c-run { width: 24%; } .runs .c-tasks { width: 18%; } .runs .c-failed { width: 13%; }
.runs .c-pace { width: 15%; } .runs .c-plot { width: 13%; } .runs .c-told { width: 17%; }
.why { font-size: .92rem; }
.runs td > div, .runs th > div { overflow-wrap: anywhere; }
.runs tr.bad > :first-child { box-shadow: inset .3rem 0 var(--bad); }
.runs tr.warn > :first-child { box-shadow: inset .3rem 0 var(--warn); }
.pages { display: flex; gap: 1rem; padding-block: .5rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; }
form label { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 100%; font-size: .8rem; color: var(--dim); }
input, select, button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--dim);
  border-radius: 4px; padding: .2rem .5rem; max-width: 100%; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.axis { display: flex; justify-content: space-between; font-size: .8rem; color: var(--dim); }
.note { padding: .6rem .8rem; margin: 0; }
pre { overflow-x: auto; background: var(--card); border-radius: 6px; padding: .7rem 1rem; margin: .5rem 0 0; }
footer { color: var(--dim); font-size: .85rem; padding-block: 1.5rem; display: flex; flex-wrap: wrap; gap: .4rem 1.2rem;
  align-items: baseline; }
)css"
         R"css(
@media (min-width: 64.01rem) { .c-about { min-width: 17.5rem; } }
@media (max-width: 64rem) {
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack, .stack tbody, .stack tr { display: block; }
  .stack tr { display: block; padding: .55rem .8rem; border-block-end: 1px solid var(--line); }
  .stack tr:last-child { border-block-end: 0; }
  .stack th, .stack td { display: block; border: 0; padding: .1rem 0; min-width: 0; }
  .stack td:empty { display: none; }
  .lines td { display: inline; }
  .lines td:not(:last-child):not(:empty)::after { content: " · "; color: var(--dim); font-weight: 400; }
  .stack td.n { text-align: start; }
  .stack td[data-label]:not(:empty)::before { content: attr(data-label) " "; color: var(--dim); font-size: .85rem; }
  .runs tr { display: grid; grid-template-columns: 1fr minmax(9rem, 1fr); gap: .3rem 1rem; }
  .runs .c-run, .runs .c-tasks, .runs .c-pace, .runs .c-told { grid-column: 1 / -1; }
  .runs .c-failed, .runs .c-plot { grid-row: 2; }
  .runs .c-tasks { grid-row: 3; } .runs .c-pace { grid-row: 4; } .runs .c-told { grid-row: 5; }
  .runs th, .runs td { width: auto !important; }
  .runs .c-failed > div:first-child::after { content: " failed"; }
  .runs .c-pace > div { display: inline; }
  .runs .c-pace > div:not(:last-child)::after { content: ", "; }
  .runs tr.bad { box-shadow: inset .3rem 0 var(--bad); } .runs tr.warn { box-shadow: inset .3rem 0 var(--warn); }
  .runs tr > :first-child { box-shadow: none !important; }
}
@media (max-width: 40rem) {
  body > * { padding-inline: .75rem; }
  .top { padding-block: .3rem .2rem; }
  .verdict { padding: .4rem .8rem; }
  .verdict h1 { font-size: 1.05rem; }
  .notes li { padding-inline: .8rem; font-size: .9rem; }
  .legend { display: none; }
  form label { width: 100%; }
  main > section, main > details { margin-block-start: .8rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-block-end: .4rem; }
}
@media (prefers-reduced-motion: no-preference) { .plot path { transition: none; } }
@media (forced-colors: active) { .bar, .plot, .key { forced-color-adjust: none; } }
)css";
}

}  // namespace runwatch::page
