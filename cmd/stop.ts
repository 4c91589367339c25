import { connectNucleus } from "../lib/nucleus/client/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { followService } from "./follow_service.ts";
import { ON_NODE, onNode } from "./on_node.ts";
import { parseDeployedName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { sayingWhere } from "./where_else.ts";

/** `cell stop` */
export function command(): AnyCommand {
  return createCommand("stop", {
    description: "Let all instances of a deployed service finish their calls and end. It stays deployed, " +
      "but calls do not start it until `cell restart`, `cell scale` or `cell deploy`.",
    examples: [
      ["cell stop hello", "returns when the last instance has ended"],
      ["cell restart hello", "start it again"],
      ["cell scale hello 0", "none either, but a call starts one"],
      ["cell rm hello", "stop it and forget it"],
    ],
  })
    .argument("<service>", "a deployed service", parseDeployedName)
    .option("-d, --detach", "do not wait until it is done")
    .option("--on <node>", ON_NODE)
    .action(async (service, { detach, on }) => {
      await using nucleus = await connectNucleus({ node: on });
      await sayingWhere(service, on, () => nucleus.stop(service));
      if (!detach) await followService(nucleus, service);
      say(`${service}: ${detach ? "stopping" : "stopped"}${onNode(on)}`);
    });
}
