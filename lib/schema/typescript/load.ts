import { resolve } from "node:path";
import { findReading, keepReading } from "./cache.ts";
import type { ReadOptions, ReadResult } from "./read.ts";

/** How a service is read when what was read before may be used. */
export interface LoadOptions extends ReadOptions {
  /** Where readings are kept; created if it is not there. */
  cacheDirectory: string;
}

/**
 * Reads the exported signatures of a TypeScript file. Throws SchemaErrors with every problem, NOT_FOUND if there is no
 * such file. Loads the compiler, which takes about 60 MB and 70 ms.
 */
export async function readService(file: string, options: ReadOptions): Promise<ReadResult> {
  const { read } = await import("./read.ts");
  return (await read(file, options)).result;
}

/** Like `readService`, but takes the result of an earlier reading while nothing that it depends on has changed. */
export async function loadService(file: string, options: LoadOptions): Promise<ReadResult> {
  const path = resolve(file);
  const known = findReading(path, options);
  if (known !== undefined) return known;
  const { read } = await import("./read.ts");
  const reading = await read(path, options);
  keepReading(path, options.cacheDirectory, reading);
  return reading.result;
}

/** The result of an earlier reading; undefined if there is none or something that it depends on has changed. */
export function loadCachedService(file: string, options: LoadOptions): ReadResult | undefined {
  return findReading(resolve(file), options);
}
