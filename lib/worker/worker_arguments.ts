import { CellError } from "../base/mod.ts";
import { formatInstanceId } from "../service/mod.ts";

/** Which instance a worker is. */
export interface WorkerArguments {
  readonly service: string;
  readonly number: number;
  readonly release: number;
  /** SHA-256 of the package. */
  readonly package: string;
  /** SERVICE@NUMBER. */
  readonly instance: string;
}

/** Reads `SERVICE NUMBER RELEASE PACKAGE`. Throws INVALID_ARGUMENT for anything else. */
export function parseWorkerArguments(args: readonly string[]): WorkerArguments {
  const [service = "", number = "", release = "", sha256 = ""] = args;
  if (args.length !== 4 || !isCount(number) || !isCount(release)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `starting a worker: expected SERVICE NUMBER RELEASE PACKAGE, found ${JSON.stringify(args.join(" "))}. ` +
        "The nucleus starts workers: cell deploy",
    );
  }
  const id = { service, number: Number(number) };
  return { ...id, release: Number(release), package: sha256, instance: formatInstanceId(id) };
}

function isCount(text: string): boolean {
  return /^[1-9]\d{0,14}$/.test(text);
}
