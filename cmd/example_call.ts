import { exampleWords } from "../lib/json/mod.ts";
import type { Schema } from "../lib/schema/mod.ts";

/** A command line that calls a method with everything it requires. */
export function exampleCall(service: string, method: string, schema: Schema): string {
  return ["cell call", service, method, ...exampleWords(schema.methods[method]!, schema.types)].join(" ");
}
