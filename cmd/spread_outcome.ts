import { CellError, type Code } from "../lib/base/mod.ts";
import type { Style } from "./color.ts";
import { countInstances } from "./follow_service.ts";
import { placeText } from "./members.ts";
import { type Column, table } from "./table.ts";
import { withoutControls } from "./without_controls.ts";

/** What has become of a node's part. */
export interface Outcome {
  node: string;
  nodeId: string;
  region: string;
  zone: string;
  replicas: number;
  release: number | null;
  action: string | null;
  /** Instances that were up in the end; null where nobody waited for it, or it failed. */
  up: number | null;
  error: { code: Code; message: string } | null;
}

const COLUMNS: readonly Column[] = [
  { title: "NODE", align: "left" },
  { title: "REGION", align: "left" },
  { title: "INSTANCES", align: "right" },
  { title: "RELEASE", align: "right" },
  { title: "RESULT", align: "left" },
];

/** What was done, a line for each node. */
export function outcomeLines(outcomes: readonly Outcome[], style: Style): string[] {
  const rows = outcomes.map((outcome) => [
    withoutControls(outcome.node),
    placeText(outcome),
    String(outcome.replicas),
    outcome.release === null ? "-" : String(outcome.release),
    resultOf(outcome, style),
  ]);
  const [titles = "", ...lines] = table(COLUMNS, rows);
  return [style.dim(titles), ...lines];
}

function resultOf({ action, up, error }: Outcome, style: Style): string {
  if (error !== null) return `${style.red("failed")}: ${withoutControls(error.message).split("\n")[0]}`;
  return up === null ? `${action}` : style.green(`${countInstances(up)} up`);
}

/** Throws when a node failed: which, why, and what has become of the others. */
export function assertAll(service: string, outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter(({ error }) => error !== null);
  const [first] = failed;
  if (first === undefined) return;
  const done = outcomes.filter(({ error }) => error === null).map(({ node }) => node);
  // What was deployed and does not come up stays deployed, as on one node.
  const broken = failed.filter(({ release }) => release !== null).map(({ node }) => node);
  const rest = [
    done.length === 0 ? "It runs on none." : `It is deployed on ${done.join(", ")}.`,
    ...(broken.length === 0
      ? []
      : [`It stays deployed on ${broken.join(", ")}: \`cell rm ${service} --on NODE\` forgets it.`]),
    "Deploy it again when that is mended: what is as it should be stays so.",
  ];
  throw new CellError(
    "ABORTED",
    `deploying ${service}: ${failed.length} of ${outcomes.length} nodes failed (${
      failed.map(({ node }) => node).join(", ")
    }). ${rest.join(" ")}\n${first.node}: ${first.error!.message}`,
  );
}
