/** One column: its title and which side its cells lean to. */
export interface Column {
  title: string;
  align: "left" | "right";
  /** For rows that are printed one by one. @default as wide as the widest cell */
  widthMin?: number;
  /** Which is left out first where there is no room: that with the lowest number. @default never */
  leftOut?: number;
}

const GAP = "  ";

/** Rows under titles, in columns as wide as their widest cell. Lines have no trailing blanks. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = widthsOf(columns, rows);
  return [columns.map(({ title }) => title), ...rows].map((cells) =>
    columns.map(({ align }, index) => pad(cells[index] ?? "", widths[index] ?? 0, align)).join(GAP).trimEnd()
  );
}

/** The same without the least important columns where all of them are wider than `widthMax`. */
export function tableWithin(
  widthMax: number,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = widthsOf(columns, rows);
  const kept = new Set(columns.keys());
  const total = (): number => [...kept].reduce((sum, index) => sum + widths[index]! + GAP.length, -GAP.length);
  while (total() > widthMax) {
    const [next] = [...kept].filter((index) => columns[index]!.leftOut !== undefined)
      .sort((a, b) => columns[a]!.leftOut! - columns[b]!.leftOut!);
    if (next === undefined) break;
    kept.delete(next);
  }
  return table(
    columns.filter((_, index) => kept.has(index)),
    rows.map((row) => row.filter((_, index) => kept.has(index))),
  );
}

function widthsOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title, widthMin = 0 }, index) =>
    Math.max(widthMin, Bun.stringWidth(title), ...rows.map((cells) => Bun.stringWidth(cells[index] ?? "")))
  );
}

function pad(text: string, width: number, align: Column["align"]): string {
  const blanks = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return align === "left" ? text + blanks : blanks + text;
}
