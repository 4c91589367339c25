import { type AnyCommand, createCommand } from "./command.ts";
import { addReleaseOptions, type ReleaseOptions } from "./deploy_options.ts";
import { parseServiceName } from "./service_name.ts";

/** `cell deploy` */
export function command(): AnyCommand {
  const deploy = createCommand("deploy", {
    description: "Keep instances of a service running, of a copy of a FILE or FOLDER (cell.toml). " +
      "A name that is deployed gets a new release, which takes over as by `cell swap`.",
    examples: [
      ["cell deploy hello.ts -i 3", "returns when three answer"],
      ["cell deploy shop/ --min 0 --idle 5m", "a folder; sleeps when nobody calls"],
    ],
  })
    .argument("<path>")
    .option("-n, --name <name>", "the service's name (default: the file's)", parseServiceName);
  return addReleaseOptions(deploy).action(async (path: string, options: ReleaseOptions & { name?: string }) => {
    const { releaseFile } = await import("./release_file.ts");
    await releaseFile({ mode: "deploy", path, name: options.name }, options);
  });
}
