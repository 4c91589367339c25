import { CellError } from "../base/mod.ts";

/** The user that this process acts as. */
export function effectiveUserId(): number {
  const uid = process.geteuid?.();
  if (uid === undefined) throw new CellError("UNIMPLEMENTED", `asking for the user on ${process.platform}`);
  return uid;
}
