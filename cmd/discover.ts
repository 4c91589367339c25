import { CellError, didYouMean } from "../lib/base/mod.ts";
import { type CatalogInstance, connectNucleus, type NucleusClient } from "../lib/nucleus/client/mod.ts";
import { stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { formatLoad, styleHealth } from "./instance_health.ts";
import { placeText } from "./members.ts";
import { watchValues } from "./poll_values.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { type Column, table, tableWithin } from "./table.ts";
import { stdoutWidth } from "./terminal.ts";
import { watchFrames } from "./watch_frames.ts";
import { withoutControls } from "./without_controls.ts";

const COLUMNS: readonly Column[] = [
  { title: "SERVICE", align: "left", leftOut: 1 },
  { title: "INSTANCE", align: "left" },
  { title: "NODE", align: "left" },
  { title: "REGION", align: "left", leftOut: 3 },
  { title: "SPECIES", align: "left", leftOut: 2 },
  { title: "HEALTH", align: "left" },
  { title: "LOAD", align: "right", leftOut: 4 },
];
const WIDE_COLUMNS: readonly Column[] = [...COLUMNS, { title: "ENDPOINTS", align: "left" }];

/** `cell discover` */
export function command(): AnyCommand {
  return createCommand("discover", {
    description: "List the instances in the cluster that can be called: where they are and how they are.",
    examples: [
      ["cell discover", "all of them, of every node"],
      ["cell discover hello", "those of one service"],
      ["cell discover --wide", "with where they listen"],
      ["cell discover hello --watch", "live"],
      ["cell discover --json | jq length", "how many"],
    ],
    notes: "A call goes to the nearest: this machine, its zone, its region, the others.\n" +
      "What sleeps is not listed, and woken by a call. A restricted service answers\n" +
      "only to those in its [cell.access].",
  })
    .argument("[name]", "only this service", parseServiceName)
    .option("--wide", "also show where they listen, in the order in which that is tried")
    .option("-w, --watch", "go on showing them as they change")
    .option("--json", "print an array of objects; with --watch one line for each change")
    .action(async (service, { wide, watch, json }) => {
      await using nucleus = await connectNucleus();
      const lines = (found: readonly CatalogInstance[], width: number | undefined, style: Style): string[] =>
        discoverLines(found, wide === true, width, style);
      if (watch) {
        const values = watchValues(() => nucleus.watch(service));
        const changeKey = (found: readonly CatalogInstance[]): string => JSON.stringify(found);
        return await watchFrames({ values, lines, changeKey, asJson: json === true });
      }
      const found = await nucleus.discover(service);
      if (found.length === 0 && service !== undefined) found.push(...await sleepingOrNew(nucleus, service));
      if (json) return await printJson(found);
      if (found.length === 0) {
        return say("no instance in the cluster can be called; `cell deploy FILE` starts a service");
      }
      await printLines(lines(found, stdoutWidth(), stdoutStyle()));
    });
}

/** What `cell discover` prints. */
export function discoverLines(
  found: readonly CatalogInstance[],
  isWide: boolean,
  width: number | undefined,
  style: Style,
): string[] {
  const columns = isWide ? WIDE_COLUMNS : COLUMNS;
  const rows = found.map((instance) => row(instance, style));
  const [titles = "", ...lines] = width === undefined || isWide
    ? table(columns, rows)
    : tableWithin(width, columns, rows);
  return [style.dim(titles), ...lines];
}

function row(found: CatalogInstance, style: Style): string[] {
  const { service, instance, node, species, load, endpoints } = found;
  return [
    service,
    instance,
    withoutControls(node),
    placeText(found),
    species,
    styleHealth(found, style),
    formatLoad(load),
    withoutControls(endpoints.join(" ")),
  ];
}

/**
 * Of a service without instances: none when it is deployed here and sleeps or is stopped, and those that have come
 * since. Throws NOT_FOUND, with near names, where it is neither.
 */
async function sleepingOrNew(nucleus: NucleusClient, service: string): Promise<CatalogInstance[]> {
  const [{ services }, all] = await Promise.all([nucleus.status(), nucleus.discover()]);
  const come = all.filter((instance) => instance.service === service);
  if (come.length > 0 || services.some(({ name }) => name === service)) return come;
  const names = new Set([...services.map(({ name }) => name), ...all.map((instance) => instance.service)]);
  const message = `no instance of a service named ${service} is known in the cluster.${didYouMean(service, names)}`;
  throw new CellError("NOT_FOUND", message);
}
