import { CellError } from "../lib/base/mod.ts";
import { assertServiceName } from "../lib/service/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Gives a service's name back; throws UsageError, with the rule, when it cannot be one. */
export function parseServiceName(name: string): string {
  try {
    assertServiceName(name);
    return name;
  } catch (error) {
    throw error instanceof CellError ? new UsageError(error.message) : error;
  }
}
