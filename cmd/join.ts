import { KIB, MS, SECOND, toCellError } from "../lib/base/mod.ts";
import {
  type ClusterStatus,
  connectNucleus,
  type Member,
  type NucleusClient,
  shortNodeId,
} from "../lib/nucleus/client/mod.ts";
import { stderrStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { placeOf, REGION, ZONE } from "./place_options.ts";
import { ProgressLine } from "./progress_line.ts";
import { ensureNucleus } from "./start_nucleus.ts";
import { say } from "./stderr.ts";
import { printJson } from "./stdout.ts";
import { UsageError } from "./usage_error.ts";

/** Every address in a token may be one that does not answer, and then the LAN is asked. */
const JOIN_MS_MAX = 90 * SECOND;
/** How long the first other node is waited for, so that it can be named. */
const MEET_MS_MAX = 3 * SECOND;
const POLL_MS = 50 * MS;
/** More than the longest token. */
const STDIN_BYTES_MAX = 16 * KIB;

/** `cell join` */
export function command(): AnyCommand {
  return createCommand("join", {
    description: "Make this machine a node of the cluster that a token is of. Without a token: come back " +
      "to the cluster that this node has left.",
    examples: [
      ["cell join cell-AUA...", "the token of `cell token create` there"],
      ["cell join cell-AUA... 203.0.113.7:9043", "asks there, and nowhere else"],
      ["cell token create | ssh pi cell join -", "a token from stdin"],
      ["cell join", "back again after `cell leave`"],
    ],
    notes: "The addresses in the token are tried, then the LAN is asked. What runs here goes\n" +
      "on, and services of the other nodes can be called by their names.",
  })
    .argument("[token]", "- reads it from stdin")
    .argument("[address]", "HOST:PORT of a node of the cluster")
    .option("--region <region>", REGION)
    .option("--zone <zone>", ZONE)
    .option("--json", "print { cluster, nodeId, node, ... }")
    .action(async (given, address, { json, ...place }) => {
      const token = given === "-" ? await tokenFromStdin() : given;
      const where = await plan(token, address);
      await ensureNucleus(placeOf(place));
      const { status, members } = await join(token, address, where);
      if (json) return await printJson(status);
      const style = stderrStyle();
      say(
        `node ${style.bold(status.node)} (${shortNodeId(status.nodeId)}) is a member of ${describe(status, members)}`,
      );
      say(style.dim("Try: cell members"));
    });
}

/** What is being done, for people. Throws UsageError for a token or an address that cannot be one. */
async function plan(token: string | undefined, address: string | undefined): Promise<string> {
  if (address !== undefined) {
    const { parseHostPort } = await import("../lib/nucleus/home/mod.ts");
    if (parseHostPort(address) === undefined) {
      throw new UsageError(`expected an address HOST:PORT, such as 203.0.113.7:9043, found "${address}"`);
    }
  }
  if (token === undefined) return "coming back to the cluster";
  const { parseToken } = await import("../lib/net/identity/mod.ts");
  try {
    const { addresses } = parseToken(token);
    if (address !== undefined) return `asking ${address} to be let in`;
    return addresses.length === 0
      ? "looking for the cluster on the LAN"
      : `asking ${addresses.join(", ")} to be let in, and the LAN`;
  } catch (error) {
    throw new UsageError(toCellError(error).message);
  }
}

async function join(
  token: string | undefined,
  address: string | undefined,
  where: string,
): Promise<{ status: ClusterStatus; members: Member[] }> {
  await using nucleus = await connectNucleus({ timeoutMs: JOIN_MS_MAX });
  const line = new ProgressLine();
  line.update(where);
  try {
    const status = await nucleus.join(token, address);
    return { status, members: await membersSoon(nucleus) };
  } finally {
    line.clear();
  }
}

/** The others are known a moment after they have been met; who is alone is not kept waiting for long. */
async function membersSoon(nucleus: NucleusClient): Promise<Member[]> {
  for (const startedAt = performance.now();;) {
    const members = await nucleus.members();
    if (members.length > 1 || performance.now() - startedAt > MEET_MS_MAX) return members;
    await Bun.sleep(POLL_MS);
  }
}

function describe({ cluster }: ClusterStatus, members: readonly Member[]): string {
  const others = members.filter(({ isSelf }) => !isSelf).map(({ name }) => name);
  const shown = others.length === 0 ? "no other node yet" : `with ${others.slice(0, 5).join(", ")}`;
  return `cluster ${shortNodeId(cluster)}, ${shown}${others.length > 5 ? `, and ${others.length - 5} more` : ""}`;
}

async function tokenFromStdin(): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of Bun.stdin.stream()) {
    bytes += chunk.length;
    if (bytes > STDIN_BYTES_MAX) {
      throw new UsageError(`stdin: expected a token, found more than ${STDIN_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8").trim();
  if (text !== "") return text;
  throw new UsageError(
    "stdin: expected a token, found nothing; `cell token create` on a node of the cluster prints one",
  );
}
