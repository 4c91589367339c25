/** One column: its title and which side its cells lean to. */
export interface Column {
  title: string;
  align: "left" | "right";
  /** For rows that are printed one by one. @default as wide as the widest cell */
  widthMin?: number;
}

const GAP = "  ";

/** Rows under titles, in columns as wide as their widest cell. Lines have no trailing blanks. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map(({ widthMin = 0 }, index) =>
    Math.max(widthMin, ...lines.map((cells) => Bun.stringWidth(cells[index] ?? "")))
  );
  return lines.map((cells) =>
    columns.map(({ align }, index) => pad(cells[index] ?? "", widths[index] ?? 0, align)).join(GAP).trimEnd()
  );
}

function pad(text: string, width: number, align: Column["align"]): string {
  const blanks = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return align === "left" ? text + blanks : blanks + text;
}
