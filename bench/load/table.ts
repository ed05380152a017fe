/** Rows as columns of text, the first row as their heads; figures to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map(show));
  const widths = (texts[0] ?? []).map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  return texts
    .map((row, index) => row.map((cell, column) => pad(cell, widths[column] ?? 0, typeof rows[index]?.[column])).join("  "))
    .join("\n");
}

function show(cell: string | number): string {
  if (typeof cell === "string") return cell;
  return Number.isInteger(cell) ? String(cell) : cell.toFixed(Math.abs(cell) < 10 ? 2 : 1);
}

function pad(cell: string, width: number, type: string | undefined): string {
  return type === "number" ? cell.padStart(width) : cell.padEnd(width);
}
