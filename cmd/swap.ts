import { type AnyCommand, createCommand } from "./command.ts";
import { addReleaseOptions, type ReleaseOptions } from "./deploy_options.ts";
import { parseDeployedName } from "./service_name.ts";

/** `cell swap` */
export function command(): AnyCommand {
  const swap = createCommand("swap", {
    description: "Replace a deployed service by a new version: it starts beside the old one, takes " +
      "over when it is healthy, and is rolled back when it fails. No call is lost.",
    examples: [
      ["cell swap hello hello.ts", "the new hello.ts"],
      ["cell swap hello new.ts --observe 30s", "watch its errors for longer"],
      ["cell swap hello v2.ts --parallel", "both species, each for its own"],
    ],
  })
    .argument("<service>", "", parseDeployedName)
    .argument("<path>");
  return addReleaseOptions(swap).action(async (name: string, path: string, options: ReleaseOptions) => {
    const { releaseFile } = await import("./release_file.ts");
    await releaseFile({ mode: "swap", path, name }, options);
  });
}
