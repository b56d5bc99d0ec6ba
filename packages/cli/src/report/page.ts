import { readFile } from 'node:fs/promises';
import type { Interval } from '@rapport/core';

/** A report as one page. Bodies are HTML; the other texts are plain. */
export interface ReportPage {
  readonly title: string;
  /** What kind of report it is, above the title. */
  readonly eyebrow: string;
  readonly lead: string;
  readonly sections: readonly { readonly title: string; readonly body: string }[];
}

/** The page as HTML that needs nothing else. */
export async function renderPage({ title, eyebrow, lead, sections }: ReportPage): Promise<string> {
  const style = await readFile(new URL('../../assets/report.css', import.meta.url), 'utf8');
  const parts = sections.map(
    ({ title: heading, body }) => `<section>\n<h2>${escapeHtml(heading)}</h2>\n${body}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">${escapeHtml(eyebrow)}</p>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
</header>
${parts.join('\n')}
</main>
</body>
</html>
`;
}

/** A table whose first column heads its rows. Cells are HTML. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const heads = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const body = rows.map(
    ([first, ...cells]) => `<tr><th scope="row">${first}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
  );
  return `<table><thead><tr>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

/** A mean with its bounds, for example `0.82 0.75 to 0.88`. */
export function htmlInterval({ mean, low, high }: Interval, format = (value: number) => value.toFixed(2)): string {
  return `${format(mean)} <span class="range">${format(low)} to ${format(high)}</span>`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
