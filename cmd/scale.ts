import { connectNucleus } from "../lib/nucleus/client/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { parseInstances } from "./count.ts";
import { countInstances, followService } from "./follow_service.ts";
import { ON_NODE, onNode } from "./on_node.ts";
import { parseDeployedName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { sayingWhere } from "./where_else.ts";

/** `cell scale` */
export function command(): AnyCommand {
  return createCommand("scale", {
    description: "Change how many instances of a deployed service run. New ones start; of those that are " +
      "too many the least busy finish their calls and end: no call fails.",
    examples: [
      ["cell scale hello 5", "returns when five answer"],
      ["cell scale hello 0", "none; the next call starts one"],
      ["cell scale hello 50 --detach", "returns at once"],
    ],
  })
    .argument("<service>", "a deployed service", parseDeployedName)
    .argument("<count>", "how many instances", parseInstances)
    .option("-d, --detach", "do not wait until it is done")
    .option("--on <node>", ON_NODE)
    .action(async (service, count, { detach, on }) => {
      await using nucleus = await connectNucleus({ node: on });
      await sayingWhere(service, on, () => nucleus.scale(service, count));
      if (!detach) await followService(nucleus, service);
      say(`${service}: ${countInstances(count)}${detach ? " wanted" : ""}${onNode(on)}`);
    });
}
