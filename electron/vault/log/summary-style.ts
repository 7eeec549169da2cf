/** The look of `summary.html`: on paper (A4 and Letter) first, and on the screen; light only. */
export const summaryStyle = `
:root { color-scheme: light; --ink: #1c2430; --quiet: #5a6575; --line: #d9dee6; --accent: #1f5fa8; --amber: #8a5300; --amber-ground: #fdf4e3; --red: #a3201d; --red-ground: #fdeceb; }
* { box-sizing: border-box; }
html { background: #f3f5f8; }
body { margin: 0 auto; max-width: 52rem; padding: 48px 56px 64px; background: #fff; color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif; font-variant-numeric: tabular-nums; }
header { border-bottom: 2px solid var(--ink); padding-bottom: 16px; margin-bottom: 24px; }
.product { margin: 0 0 4px; color: var(--quiet); font-size: 13px; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; overflow-wrap: anywhere; }
.lead { margin: 8px 0 0; font-size: 16px; color: var(--quiet); }
h2 { margin: 40px 0 8px; font-size: 19px; line-height: 1.3; font-weight: 650; break-after: avoid; }
h3 { margin: 0 0 2px; font-size: 15px; line-height: 1.4; font-weight: 650; break-after: avoid; }
p { margin: 0 0 8px; max-width: 42rem; }
.quiet { color: var(--quiet); }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: 6px 16px; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 8px 0 16px; padding: 12px 16px; background: #f6f8fa; border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; break-inside: avoid; }
.fingerprint { display: block; margin: 12px 0; padding: 12px 16px; border: 1px solid var(--accent); border-radius: 6px; font-size: 16px; text-align: center; break-inside: avoid; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--quiet); border-bottom: 1px solid var(--ink); padding: 4px 12px 4px 0; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: 4px 12px 4px 0; vertical-align: top; }
tr { break-inside: avoid; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.when { white-space: nowrap; }
table { table-layout: fixed; }
.counts th:nth-child(1) { width: 32%; }
.counts th:nth-child(2) { width: 12%; }
.counts th:nth-child(3) { width: 18%; }
.counts .number { padding-right: 20px; }
.wants { color: var(--amber); font-weight: 600; }
.bars { vertical-align: middle; }
.found th:nth-child(1) { width: 12%; }
.found th:nth-child(2) { width: 25%; }
.found th:nth-child(3) { width: 32%; }
svg { display: block; width: 100%; height: 8px; }
rect { fill: var(--accent); }
.finding { break-inside: avoid; margin: 16px 0; padding: 12px 16px; border-left: 4px solid var(--line); background: #f6f8fa; }
.finding p { margin-bottom: 4px; }
.finding table { margin-top: 4px; }
.amber { border-color: var(--amber); background: var(--amber-ground); }
.amber h3 { color: var(--amber); }
.red { border-color: var(--red); background: var(--red-ground); }
.red h3 { color: var(--red); }
.finding tbody tr:last-child td { border-bottom: 0; }
.amber td, .red td { border-color: rgb(28 36 48 / 15%); }
.note { margin: 16px 0 0; font-size: 13px; }
@media (max-width: 600px) { body { padding: 24px 16px; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@page { margin: 18mm 16mm 20mm; @bottom-left { content: "Protected health information"; font: 8pt system-ui, sans-serif; color: #5a6575; } @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; color: #5a6575; } }
@media print {
  html { background: none; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h1 { font-size: 19pt; }
  .lead { font-size: 11pt; }
  h2 { margin-top: 22pt; font-size: 13pt; }
  h3 { font-size: 10pt; }
  table { font-size: 9pt; }
  code, pre { font-size: 8.5pt; }
  .fingerprint { font-size: 10.5pt; }
  .note { font-size: 8.5pt; }
  .product { font-size: 9pt; }
  .finding, svg, pre, .fingerprint { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`;
