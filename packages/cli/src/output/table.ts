/** Aligns columns with two spaces between them; columns whose every cell is a number are aligned to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = header.map((_, column) => rows.map((row) => row[column] ?? ''));
  const widths = columns.map((cells, column) => Math.max(header[column]!.length, ...cells.map((cell) => cell.length)));
  const numeric = columns.map(
    (cells) => cells.length > 0 && cells.every((cell) => cell === '' || /^[-+]?[\d.,]/.test(cell)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** A number for people: four significant digits, thousands separated. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(4)));
}

/** Breaks text into lines of at most `width` characters, each after the first indented by `indent` spaces. */
export function wrapText(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const limit = lines.length === 0 ? width : width - indent;
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.join(`\n${' '.repeat(indent)}`);
}
