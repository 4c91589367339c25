import { CellError } from "../lib/base/mod.ts";
import {
  connectNucleus,
  type DeployAnswer,
  type DeployRequest,
  type NucleusClient,
  type Progress,
} from "../lib/nucleus/client/mod.ts";
import { stderrStyle } from "./color.ts";
import type { ReleaseOptions } from "./deploy_options.ts";
import { exampleCall } from "./example_call.ts";
import { countInstances, followService } from "./follow_service.ts";
import { onNode, onOption } from "./on_node.ts";
import { ProgressLine } from "./progress_line.ts";
import {
  buildRelease,
  type BuiltRelease,
  deployPackage,
  environmentFor,
  requestOf,
  sendPackage,
} from "./release_steps.ts";
import { say } from "./stderr.ts";
import { printJson } from "./stdout.ts";

/** What is deployed as what. */
export interface Release {
  mode: DeployRequest["mode"];
  /** A file, or a folder with a cell.toml or an obvious entry. */
  path: string;
  /** @default what cell.toml says, else the file's name */
  name?: string | undefined;
}

/** Builds a package, has the agent deploy it, and shows what becomes of it until it is settled. */
export async function releaseFile({ mode, path, name }: Release, options: ReleaseOptions): Promise<void> {
  const { on } = options;
  const env = environmentFor(options);
  // Whether there is somebody to deploy it is known sooner than whether it can be built.
  await using nucleus = await connectNucleus({ node: on });
  const release = await buildRelease(path, name, env);
  const { built } = release;
  if (on !== undefined) await send(nucleus, release, on);
  const answer = await deployPackage(nucleus, requestOf(mode, release, options));
  announce(answer, options);
  const last = options.detach ? undefined : await settle(nucleus, answer, on);
  if (last !== undefined) await assertActive(nucleus, answer);
  if (options.json) return await printJson({ ...answer, package: built.sha256, up: last?.up ?? null });
  if (last === undefined) return;
  const style = stderrStyle();
  const { service, release: number, species } = answer;
  say(
    `${style.bold(style.green(service))} is deployed${onNode(on)}: release ${number}, ${
      countInstances(last.up)
    } up, species ${species}`,
  );
  const [first] = Object.keys(built.schema.methods);
  if (first !== undefined) say(style.dim(`Try: ${exampleCall(service, first, built.schema)}`));
}

/** The package of a release, to the node that is to run it. */
async function send(nucleus: NucleusClient, { built }: BuiltRelease, node: string): Promise<void> {
  const line = new ProgressLine();
  line.update(`sending ${built.service} to ${node}`);
  try {
    await sendPackage(nucleus, built);
  } finally {
    line.clear();
  }
}

/** Follows the service; what failed is said with what is left of it. */
async function settle(
  nucleus: NucleusClient,
  answer: DeployAnswer,
  on: string | undefined,
): Promise<Progress | undefined> {
  try {
    return await followService(nucleus, answer.service);
  } catch (error) {
    const left = await whatIsLeft(nucleus, answer, on).catch(() => undefined);
    if (left !== undefined) say(left);
    throw error;
  }
}

async function whatIsLeft(
  nucleus: NucleusClient,
  { service, release }: DeployAnswer,
  on: string | undefined,
): Promise<string | undefined> {
  const { services } = await nucleus.status();
  const active = services.find(({ name }) => name === service)?.releases.filter(({ role }) => role === "active") ?? [];
  const latest = active.at(-1);
  if (latest === undefined) return undefined;
  if (active.some(({ number }) => number === release)) {
    return `${service} stays deployed: deploy it again when that is mended, or forget it with cell rm ${service}${
      onOption(on)
    }`;
  }
  return `${service}: release ${release} is rolled back; release ${latest.number} goes on`;
}

/** What has settled may be what somebody else deployed meanwhile. */
async function assertActive(nucleus: NucleusClient, { service, release }: DeployAnswer): Promise<void> {
  const { services } = await nucleus.status();
  const active = services.find(({ name }) => name === service)?.releases.filter(({ role }) => role === "active") ?? [];
  if (active.some(({ number }) => number === release)) return;
  const successor = active.at(-1);
  const found = successor === undefined
    ? "the service was removed meanwhile"
    : `release ${successor.number}, deployed meanwhile, has taken its place`;
  throw new CellError("ABORTED", `deploying release ${release} of ${service}: ${found}`);
}

/** What the agent has done with the request, where that is not what the command's name says. */
function announce({ service, release, action }: DeployAnswer, { detach, parallel, on }: ReleaseOptions): void {
  const later = detach
    ? `; see cell status${onOption(on)}, cell logs ${on === undefined ? "" : `${on}/`}${service}`
    : "";
  if (action === "swapping") {
    const how = parallel ? "runs beside it" : "takes over";
    say(`${service} is deployed already: this is release ${release}, which ${how}${later}`);
  }
  if (action === "configured") {
    say(`${service} has this code already: release ${release} gets its new settings${later}`);
  }
  if (action === "unchanged") say(`${service} has this code and these settings already: release ${release}${later}`);
  if (action === "created" && detach) say(`${service} is being started: release ${release}${later}`);
}
