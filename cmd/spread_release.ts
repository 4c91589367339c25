import { CellError } from "../lib/base/mod.ts";
import { connectNucleus, type DeployRequest, type Member, type NucleusClient } from "../lib/nucleus/client/mod.ts";
import { NODES_AT_ONCE_MAX } from "./ask_nodes.ts";
import { stderrStyle, stdoutStyle } from "./color.ts";
import type { ReleaseOptions } from "./deploy_options.ts";
import { progressText } from "./follow_service.ts";
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
import { printJson, printLines } from "./stdout.ts";
import { spread, type SpreadBy } from "./spread.ts";
import { assertAll, type Outcome, outcomeLines } from "./spread_outcome.ts";
import { UsageError } from "./usage_error.ts";
import { withoutControls } from "./without_controls.ts";

/** What is to be deployed, and over what. */
export interface SpreadRelease {
  path: string;
  name: string | undefined;
  by: SpreadBy;
  /** Of all nodes together. */
  replicas: number;
}

/** A node's part of it. */
interface Share {
  readonly member: Member;
  readonly replicas: number;
  readonly minReplicas: number | undefined;
  readonly maxReplicas: number | undefined;
}

/**
 * Builds a package, gives every node that is alive its share of the replicas, and shows what went where. Throws when a node
 * failed, after what was done on the others was shown; nothing is taken back.
 */
export async function spreadRelease(
  { path, name, by, replicas }: SpreadRelease,
  options: ReleaseOptions,
): Promise<void> {
  const env = environmentFor({ ...options, instances: replicas });
  await using nucleus = await connectNucleus();
  const members = await nucleus.members();
  const alive = members.filter(({ state }) => state === "alive");
  const away = members.filter(({ state }) => state === "suspect" || state === "failed");
  if (away.length > 0) {
    const names = away.map(({ name, state }) => `${withoutControls(name)} (${state})`);
    say(`${stderrStyle().yellow("without a share:")} ${names.join(", ")}`);
  }
  const release = await buildRelease(path, name, env);
  const { service, species, sha256, config } = release.built;
  const [min, max] = [options.min ?? config.minReplicas, options.max ?? config.maxReplicas];
  assertBetween(replicas, min, max);
  const shares = sharesOf(alive, by, replicas, min, max);
  const outcomes = await deployAll(release, shares, options);
  if (options.json) await printJson({ service, species, package: sha256, nodes: outcomes });
  else await printLines(outcomeLines(outcomes, stdoutStyle()));
  const others = await nodesWithout(nucleus, service, shares);
  if (others.length > 0) {
    const style = stderrStyle();
    say(
      style.yellow(`${service} also runs on ${withoutControls(others.join(", "))}, which has no share of this: `) +
        `cell rm ${service} --on NODE`,
    );
  }
  assertAll(service, outcomes);
}

function assertBetween(replicas: number, min: number | undefined, max: number | undefined): void {
  if (min !== undefined && replicas < min) {
    throw new UsageError(`--replicas ${replicas} is less than the minimum, ${min}`);
  }
  if (max !== undefined && replicas > max) {
    throw new UsageError(`--replicas ${replicas} is more than the maximum, ${max}`);
  }
}

/** Minimum and maximum are shared out like the replicas, so no node is asked for what contradicts itself. */
function sharesOf(
  members: readonly Member[],
  by: SpreadBy,
  replicas: number,
  min: number | undefined,
  max: number | undefined,
): Share[] {
  const shareOf = (count: number | undefined): number[] | undefined =>
    count === undefined ? undefined : spread(members, by, count);
  const [wanted = [], least, most] = [shareOf(replicas), shareOf(min), shareOf(max)];
  return members
    .map((member, index) => ({
      member,
      replicas: wanted[index]!,
      minReplicas: least?.[index],
      maxReplicas: most?.[index],
    }))
    .filter((share) => share.replicas > 0);
}

async function deployAll(
  release: BuiltRelease,
  shares: readonly Share[],
  options: ReleaseOptions,
): Promise<Outcome[]> {
  const line = new ProgressLine();
  const outcomes: Outcome[] = [];
  // What the new version breaks, it breaks on every node.
  const said = new Set<string>();
  const sayOnce = (lines: readonly string[]): void => {
    for (const text of lines) {
      if (!said.has(text)) say(text);
      said.add(text);
    }
  };
  let done = 0;
  const waiting = [...shares.entries()];
  const deployNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, share] = next;
      const tell = (text: string): void =>
        line.update(`${done} of ${shares.length} nodes done; ${share.member.name}: ${text}`);
      outcomes[index] = await deployShare(release, share, options, tell, sayOnce);
      done++;
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(NODES_AT_ONCE_MAX, shares.length) }, deployNext));
  } finally {
    line.clear();
  }
  return outcomes;
}

async function deployShare(
  release: BuiltRelease,
  share: Share,
  options: ReleaseOptions,
  tell: (text: string) => void,
  once: (lines: readonly string[]) => void,
): Promise<Outcome> {
  const { member: { id, name, region, zone }, replicas } = share;
  const outcome: Outcome = {
    node: name,
    nodeId: id,
    region,
    zone,
    replicas,
    release: null,
    action: null,
    up: null,
    error: null,
  };
  try {
    await using nucleus = await connectNucleus({ node: id });
    tell(`sending ${release.built.service}`);
    await sendPackage(nucleus, release.built);
    const answer = await deployPackage(nucleus, requestFor(release, share, options), once);
    outcome.release = answer.release;
    outcome.action = answer.action;
    if (!options.detach) outcome.up = await settle(nucleus, answer.service, tell);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    outcome.error = { code: error.code, message: error.message };
  }
  return outcome;
}

function requestFor(
  release: BuiltRelease,
  { replicas, minReplicas, maxReplicas }: Share,
  options: ReleaseOptions,
): DeployRequest {
  return {
    ...requestOf("deploy", release, { ...options, instances: replicas }),
    ...(minReplicas === undefined ? {} : { minReplicas }),
    ...(maxReplicas === undefined ? {} : { maxReplicas }),
  };
}

async function settle(nucleus: NucleusClient, service: string, tell: (text: string) => void): Promise<number> {
  let up = 0;
  for await (const progress of nucleus.follow(service)) {
    up = progress.up;
    if (progress.phase !== "settled") tell(progressText(service, progress));
  }
  return up;
}

/** Names of other nodes on which the service runs: what they have is as before. */
async function nodesWithout(nucleus: NucleusClient, service: string, shares: readonly Share[]): Promise<string[]> {
  const found = await nucleus.discover(service);
  const given = new Set(shares.map(({ member }) => member.id));
  return [...new Set(found.filter(({ nodeId }) => !given.has(nodeId)).map(({ node }) => node))];
}
