import { join } from "node:path";
import { type Case, type CaseContext, compare, interleave } from "../../harness/mod.ts";

const ROUNDS = { warmUps: 0, rounds: 3 };
const MEGABYTES_MAX = 100;
const MEASURE = join(import.meta.dir, "..", "..", "..", "lib", "gossip", "catalog", "testing", "measure.ts");
const FLOOR = join(import.meta.dir, "..", "..", "floor", "catalog_objects.ts");

/** What every node holds of every other's instances. */
export const catalog: Case = {
  name: "cluster-catalog",
  summary: "memory of a catalogue of 1,000 nodes with 10 instances each, beside the same entries as plain objects",
  needsBinary: false,
  async measure(context) {
    const comparison = await interleave(
      ROUNDS,
      () => megabytes(context, MEASURE),
      () => megabytes(context, FLOOR),
    );
    return [
      compare(comparison, {
        metric: "catalogue of 10,000 instances of 1,000 nodes",
        unit: "MB",
        reference: "as many plain objects in a Map, without signatures",
        target: { valueMax: MEGABYTES_MAX },
      }),
    ];
  },
};

async function megabytes({ resources }: CaseContext, script: string): Promise<number> {
  const program = resources.start([process.execPath, script]);
  const { heapMB } = await program.answer() as { heapMB: number };
  return heapMB;
}
