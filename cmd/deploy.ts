import { Option } from "@commander-js/extra-typings";
import { INSTANCES_MAX } from "../lib/nucleus/client/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { parseCount } from "./count.ts";
import { addReleaseOptions, type ReleaseOptions } from "./deploy_options.ts";
import { parseServiceName } from "./service_name.ts";
import { type SpreadBy, SPREADS } from "./spread.ts";
import { UsageError } from "./usage_error.ts";

interface DeployOptions extends ReleaseOptions {
  name?: string;
  spread?: SpreadBy;
  replicas?: number;
}

/** `cell deploy` */
export function command(): AnyCommand {
  const deploy = createCommand("deploy", {
    description: "Keep instances of a service running, of a copy of a FILE or FOLDER (cell.toml). " +
      "A name that is deployed gets a new release, which takes over as by `cell swap`.",
    examples: [
      ["cell deploy hello.ts -i 3", "returns when three answer"],
      ["cell deploy shop/ --min 0 --idle 5m", "a folder; sleeps when nobody calls"],
      ["cell deploy hello.ts --on pi-kitchen", "built here, runs there"],
      ["cell deploy hello.ts --spread zone --replicas 6", "some in every zone"],
    ],
    notes: "--spread gives every node that is alive its share: the replicas go round the\n" +
      "regions, zones or nodes. --min and --max are shared out in the same way.",
  })
    .argument("<path>")
    .option("-n, --name <name>", "the service's name (default: the file's)", parseServiceName);
  return addReleaseOptions(deploy)
    .addOption(
      new Option("--spread <by>", "over the region, zone or node of the whole cluster").choices(SPREADS),
    )
    .option("--replicas <count>", "with --spread: how many on all nodes together", parseReplicas)
    .action(async (path: string, { spread, replicas, name, ...options }: DeployOptions) => {
      if (spread === undefined) {
        if (replicas !== undefined) {
          throw new UsageError("--replicas belongs to --spread; on one node it is --instances");
        }
        const { releaseFile } = await import("./release_file.ts");
        return await releaseFile({ mode: "deploy", path, name }, options);
      }
      const count = replicasOf(replicas, options);
      const { spreadRelease } = await import("./spread_release.ts");
      await spreadRelease({ path, name, by: spread, replicas: count }, options);
    });
}

/** How many to spread. Throws UsageError where that is not said, or said twice, or of one node. */
function replicasOf(replicas: number | undefined, { instances, on }: ReleaseOptions): number {
  if (on !== undefined) throw new UsageError("--spread is over all nodes, --on is one: give one of them");
  if (replicas !== undefined && instances !== undefined) {
    throw new UsageError("--replicas and --instances say the same with --spread: give one of them");
  }
  const count = replicas ?? instances;
  if (count === undefined) throw new UsageError("--spread: how many? --replicas 6 makes it six on all nodes together");
  if (count === 0) throw new UsageError("--spread: expected at least 1 replica");
  return count;
}

function parseReplicas(text: string): number {
  return parseCount(text, "--replicas", 1, INSTANCES_MAX);
}
