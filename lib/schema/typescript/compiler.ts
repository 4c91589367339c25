import type ts from "typescript";

/** Loads the TypeScript compiler: 30 ms and 60 MB, so only for a schema that is not cached. */
export async function loadCompiler(): Promise<typeof ts> {
  return (await import("typescript")).default;
}
