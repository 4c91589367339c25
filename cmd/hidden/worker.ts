import { runWorker } from "../../lib/worker/mod.ts";

/** `cell __worker SERVICE NUMBER RELEASE PACKAGE`: one instance of a deployed service, as the nucleus starts it. */
export async function main(args: string[]): Promise<void> {
  await runWorker({ args, sdk: await import("../../sdk/mod.ts") });
}
