import type { CellError } from "../base/mod.ts";
import type { Problem } from "./problem.ts";

/** Says why the type checker found no "cell:NAME": it is the one who knows which mentions of it are imports. */
export function explainMissing(
  problem: Problem,
  missing: ReadonlyMap<string, CellError>,
  offline: boolean,
): Problem {
  const [, name = ""] = /^Cannot find module 'cell:([^']+)'/.exec(problem.message) ?? [];
  const error = missing.get(name);
  if (error === undefined) return problem;
  return {
    ...problem,
    code: undefined,
    message: `the types of "cell:${name}" are unknown: ${error.message}`,
    hint: offline
      ? `start ${name} and check once without --offline: what it then says is written to .cell/types`
      : `${remedy(name, error)}, or check with --offline against what .cell/types has`,
  };
}

function remedy(name: string, { code }: CellError): string {
  return code === "PERMISSION_DENIED" ? "let commands in, or check where it runs" : `start ${name} and check again`;
}
