import { CellError } from "../../base/mod.ts";

/** The error that a promise is rejected with; fails when it is not, or with something else. */
export async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const outcome = await promise.then((value) => ({ value }), (error: unknown) => ({ error }));
  if ("error" in outcome && outcome.error instanceof CellError) return outcome.error;
  throw new Error(`expected a CellError, found ${Bun.inspect(outcome)}`);
}
