import type { Measurement, Target } from "./case.ts";

/** One measurement as `--json` prints it. */
export interface Result {
  case: string;
  metric: string;
  value: number;
  unit: string;
  reference: string;
  referenceValue: number;
  /** `value / referenceValue`; null when the reference's value is zero. */
  ratio: number | null;
  /** The quartiles of the rounds' ratios. */
  ratioQuartiles?: readonly [number, number];
  /** The bounds in words; absent when the figure only informs. */
  target?: string;
  met?: boolean;
}

/** A case's measurement with its ratio and its verdict. */
export function toResult(caseName: string, measurement: Measurement): Result {
  const { metric, value, unit, reference, referenceValue, target, ratioQuartiles } = measurement;
  const ratio = referenceValue === 0 ? null : value / referenceValue;
  const result: Result = { case: caseName, metric, value, unit, reference, referenceValue, ratio };
  if (ratioQuartiles !== undefined) result.ratioQuartiles = ratioQuartiles;
  if (target !== undefined) {
    result.target = describeTarget(target, unit);
    result.met = isMet(target, value, ratio);
  }
  return result;
}

function isMet(target: Target, value: number, ratio: number | null): boolean {
  if (target.valueMax !== undefined && !(value <= target.valueMax)) return false;
  if (target.valueMin !== undefined && !(value >= target.valueMin)) return false;
  if (target.ratioMax !== undefined && !(ratio !== null && ratio <= target.ratioMax)) return false;
  return target.ratioMin === undefined || (ratio !== null && ratio >= target.ratioMin);
}

function describeTarget(target: Target, unit: string): string {
  const bounds: string[] = [];
  if (target.valueMax !== undefined) bounds.push(`<= ${bound(target.valueMax)} ${unit}`);
  if (target.valueMin !== undefined) bounds.push(`>= ${bound(target.valueMin)} ${unit}`);
  if (target.ratioMax !== undefined) bounds.push(`<= ${target.ratioMax} x`);
  if (target.ratioMin !== undefined) bounds.push(`>= ${target.ratioMin} x`);
  return bounds.join(" and ");
}

function bound(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** The results as an aligned table. */
export function resultsTable(results: readonly Result[]): string {
  const header = ["case", "metric", "ours", "reference", "ratio", "quartiles", "target", "met"];
  const rows = results.map((result) => [
    result.case,
    result.metric,
    quantity(result.value, result.unit),
    `${quantity(result.referenceValue, result.unit)}  ${result.reference}`,
    result.ratio === null ? "-" : `${digits(result.ratio)} x`,
    result.ratioQuartiles === undefined ? "-" : result.ratioQuartiles.map(digits).join(" .. "),
    result.target ?? "-",
    result.met === undefined ? "-" : result.met ? "yes" : "NO",
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  return [header, widths.map((width) => "-".repeat(width)), ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd())
    .join("\n");
}

function quantity(value: number, unit: string): string {
  return `${digits(value)} ${unit}`;
}

/** Three significant digits; thousands in groups. */
function digits(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-US") : Number(value.toPrecision(3)).toString();
}
