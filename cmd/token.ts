import { Argument } from "@commander-js/extra-typings";
import { SECOND } from "../lib/base/mod.ts";
import { connectNucleus, type IssuedToken, type NucleusClient, type OpenToken } from "../lib/nucleus/client/mod.ts";
import { stderrStyle, stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { parseCount } from "./count.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { ensureNucleus } from "./start_nucleus.ts";
import { say } from "./stderr.ts";
import { print, printJson, printLines } from "./stdout.ts";
import { type Column, table } from "./table.ts";
import { isTerminal, STDOUT } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

const ACTIONS = ["create", "ls", "revoke"] as const;
const USES_MAX = 10_000;

const COLUMNS: readonly Column[] = [
  { title: "ID", align: "left" },
  { title: "USES LEFT", align: "right" },
  { title: "EXPIRES IN", align: "right" },
];

interface TokenOptions {
  ttl?: number | undefined;
  uses?: number | undefined;
  json?: true | undefined;
}

/** `cell token` */
export function command(): AnyCommand {
  return createCommand("token", {
    description: "Let other machines join the cluster of this node. A token works once and for an hour " +
      "unless it is told otherwise; the first one turns the network on.",
    examples: [
      ["cell token create", "prints a token; there: cell join TOKEN"],
      ["cell token create --uses 20 --ttl 10m", "for a rack of machines"],
      ["cell token create | ssh pi cell join -", "without showing it to anybody"],
      ["cell token ls", "those that can still be used"],
      ["cell token revoke 3f9c2a71", "make one worthless"],
    ],
    notes: "Whoever has a token can join: send it as you would send a password. It holds\n" +
      "the cluster's fingerprint and this node's addresses, so nobody else can answer.",
  })
    .addArgument(new Argument("<action>", "what to do").choices(ACTIONS))
    .argument("[id]", "which token to revoke, as `cell token ls` shows it")
    .option("--ttl <duration>", "how long it can be used (default: 1h)", parseDuration)
    .option("--uses <count>", "how many machines may join with it (default: 1)", parseUses)
    .option("--json", "print { token, id, ... }, or an array of { id, ... }")
    .action(async (action, id, options) => {
      assertFits(action, id, options);
      if (action === "create") return await create(options);
      if (action === "ls") return await list(options.json);
      await using nucleus = await connectNucleus();
      await nucleus.revokeToken(id!);
      say(`token ${id} is worthless from now on; who has joined with it stays`);
    });
}

async function create({ ttl, uses, json }: TokenOptions): Promise<void> {
  await ensureNucleus();
  await using nucleus = await connectNucleus();
  const issued = await nucleus.createToken({
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
    ...(uses === undefined ? {} : { uses }),
  });
  if (json) return await printJson(issued);
  await print(`${issued.token}\n`);
  for (const line of hint(issued, isTerminal(STDOUT))) say(stderrStyle().dim(line));
}

/** What to do with a token. It is only repeated where it was shown: what goes into a pipe is kept from logs. */
function hint(
  { token, expiresAt, uses, addresses }: IssuedToken,
  isShown: boolean,
): string[] {
  const who = uses === 1 ? "another machine" : `up to ${uses} other machines`;
  const leftMs = Math.max(0, expiresAt.getTime() - Date.now());
  // A token for an hour is not one for 59 minutes because it took a moment to print.
  const within = formatDuration(Math.ceil(leftMs / SECOND) * SECOND);
  const reach = addresses.length === 0
    ? "it has no address: machines on the same LAN find this node, others need `cell join TOKEN HOST:PORT`"
    : `it has to be on the same LAN or to reach ${addresses.join(" or ")} (TCP and UDP)`;
  return [`run on ${who} within ${within}: cell join ${isShown ? token : "TOKEN"}`, reach];
}

async function list(json: true | undefined): Promise<void> {
  await using nucleus = await connectNucleus();
  const tokens = await nucleus.tokens();
  if (json) return await printJson(tokens);
  if (tokens.length === 0) return say(await whereFrom(nucleus));
  const [titles = "", ...lines] = table(COLUMNS, tokens.map((token) => row(token, Date.now())));
  await printLines([stdoutStyle().dim(titles), ...lines]);
}

/** Where a token is to be had. */
async function whereFrom(nucleus: NucleusClient): Promise<string> {
  const { authority } = await nucleus.cluster();
  return authority
    ? "no token can be used; `cell token create` makes one"
    : "tokens are made, listed and revoked on the node where the cluster was made: `cell members` shows it with a +";
}

function row({ id, usesLeft, expiresAt }: OpenToken, nowMs: number): string[] {
  return [id, String(usesLeft), formatDuration(Math.max(0, expiresAt.getTime() - nowMs))];
}

/** Throws UsageError for an option or an id that the action has no use for. */
function assertFits(action: typeof ACTIONS[number], id: string | undefined, { ttl, uses, json }: TokenOptions): void {
  if (action === "revoke") {
    if (id === undefined) throw new UsageError("which token? `cell token ls` shows the ids of those that can be used");
    if (json) throw new UsageError("cell token revoke prints nothing: it has no --json");
  } else if (id !== undefined) throw new UsageError(`cell token ${action} takes no id, found "${id}"`);
  if (action !== "create" && (ttl ?? uses) !== undefined) {
    throw new UsageError("--ttl and --uses belong to cell token create");
  }
}

function parseUses(text: string): number {
  return parseCount(text, "--uses", 1, USES_MAX);
}
