import { Argument } from "@commander-js/extra-typings";
import { connectNucleus, type Member, type MemberState, shortNodeId } from "../lib/nucleus/client/mod.ts";
import { stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { formatDuration } from "./duration.ts";
import { networkNotes } from "./network_condition.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { type Column, table, tableWithin } from "./table.ts";
import { stdoutWidth } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";
import { pollValues } from "./poll_values.ts";
import { watchFrames } from "./watch_frames.ts";
import { withoutControls } from "./without_controls.ts";

const COLUMNS: readonly Column[] = [
  { title: "NAME", align: "left" },
  { title: "ID", align: "left", leftOut: 2 },
  { title: "STATE", align: "left" },
  { title: "ADDRESS", align: "left", leftOut: 5 },
  { title: "REGION", align: "left", leftOut: 4 },
  { title: "VERSION", align: "left", leftOut: 1 },
  { title: "INSTANCES", align: "right", leftOut: 6 },
  { title: "SINCE", align: "right", leftOut: 3 },
];

/** `cell members` */
export function command(): AnyCommand {
  return createCommand("members", {
    description: "List the nodes of the cluster as this node sees them, or take a node's right to be one away.",
    examples: [
      ["cell members", "* is this node, + can make tokens"],
      ["cell members --watch", "live"],
      ["cell members --json | jq -r '.[].name'", "only the names"],
      ["cell members remove pi-kitchen", "lost or stolen: cut it off everywhere"],
    ],
    notes: "A suspect node does not answer and is asked through others; then it has failed.\n" +
      "SINCE: how long in its state. REGION has the zone after a slash. Tokens are\n" +
      "made, and nodes removed, on a node with a +: it holds the key for that. One that\n" +
      "was removed can join again only with a new token.",
  })
    .addArgument(new Argument("[action]", "remove: cut a node off").choices(["remove"] as const))
    .argument("[node]", "its name or id")
    .option("-w, --watch", "go on showing them as they change")
    .option("--json", "print an array of objects; with --watch one line for each change")
    .action(async (action, node, { watch, json }) => {
      if (action === "remove") return await remove(node, watch ?? json);
      if (!watch) {
        await using nucleus = await connectNucleus();
        const members = await nucleus.members();
        if (json) return await printJson(members);
        await printLines(memberLines(members, stdoutWidth(), stdoutStyle()));
        const notes = networkNotes(await nucleus.status());
        if (notes.length === 0 && members.length === 1) notes.push(aloneAdvice(members[0]!));
        for (const note of notes) say(note);
        return;
      }
      await using nucleus = await connectNucleus();
      const values = pollValues(() => nucleus.members());
      await watchFrames({ values, lines: memberLines, changeKey, asJson: json === true });
    });
}

function aloneAdvice({ isAuthority }: Member): string {
  return isAuthority
    ? "no other node; `cell token create` lets one join"
    : "no other node is seen from here; `cell join` comes back to the cluster, `cell join TOKEN` goes into another";
}

async function remove(node: string | undefined, isWrong: true | undefined): Promise<void> {
  if (node === undefined) throw new UsageError("which node? `cell members` lists them");
  if (isWrong) throw new UsageError("cell members remove prints nothing: it has neither --watch nor --json");
  await using nucleus = await connectNucleus();
  const { name, id } = await nucleus.removeMember(node);
  say(
    `node ${withoutControls(name)} (${shortNodeId(id)}) is removed: the others end its connections and take none again`,
  );
  say("what runs on it goes on there; it can join again with a new token");
}

/** What `cell members` prints. */
export function memberLines(members: readonly Member[], width: number | undefined, style: Style): string[] {
  const rows = members.map((member) => row(member, style));
  const [titles = "", ...lines] = width === undefined ? table(COLUMNS, rows) : tableWithin(width, COLUMNS, rows);
  return [style.dim(titles), ...lines];
}

/** A member's state in the colour of how much it wants attention. */
export function styleMemberState(state: MemberState, style: Style): string {
  switch (state) {
    case "alive":
      return style.green(state);
    case "suspect":
      return style.yellow(state);
    case "failed":
      return style.red(state);
    case "left":
      return style.dim(state);
  }
}

/** A place as it is shown: the zone only where somebody has given it a name. */
export function placeText({ region, zone }: { region: string; zone: string }): string {
  return withoutControls(zone === "default" ? region : `${region}/${zone}`);
}

function row(member: Member, style: Style): string[] {
  const { name, id, state, address, version, instances, sinceMs, isSelf, isAuthority } = member;
  const shown = isSelf ? `${style.bold(withoutControls(name))} *` : withoutControls(name);
  return [
    isAuthority ? `${shown} +` : shown,
    shortNodeId(id),
    styleMemberState(state, style),
    address === "" ? "-" : address,
    placeText(member),
    withoutControls(version),
    String(instances),
    formatDuration(sinceMs),
  ];
}

/** The same while nothing has changed but the time. */
function changeKey(members: readonly Member[]): string {
  return JSON.stringify(members.map((member) => ({ ...member, sinceMs: 0 })));
}
