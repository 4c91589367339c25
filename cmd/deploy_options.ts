import { Option } from "@commander-js/extra-typings";
import { MINUTE, SECOND } from "../lib/base/mod.ts";
import { INSTANCES_MAX } from "../lib/nucleus/client/mod.ts";
import type { AnyCommand } from "./command.ts";
import { parseCount, parseInstances } from "./count.ts";
import { parseDuration } from "./duration.ts";
import { ON_NODE } from "./on_node.ts";
import { UsageError } from "./usage_error.ts";

/** What `cell deploy` and `cell swap` are told beside the file. */
export interface ReleaseOptions {
  instances?: number;
  min?: number;
  max?: number;
  idle?: number;
  env?: string[];
  envFile?: string;
  parallel?: true;
  force?: true;
  observe?: number;
  detach?: true;
  on?: string;
  json?: true;
}

/** Longer than this nobody watches two releases side by side with a command. */
const OBSERVE_MS_MAX = 10 * MINUTE;

/** Adds the options that `cell deploy` and `cell swap` share. */
export function addReleaseOptions<Command extends AnyCommand>(command: Command): Command {
  command
    .option("-i, --instances <count>", "how many shall run (default: as before, else 1)", parseInstances)
    .addOption(
      new Option("-e, --env <name=value>", "its environment, instead of the one before; repeatable").argParser(collect),
    )
    .option("--env-file <file>", "the same, NAME=VALUE lines of a file; --env wins")
    .option("--min <count>", "keep this many when nobody calls; 0 lets it sleep", parseMin)
    .option("--max <count>", "never run more than this many", parseMax)
    .option("--idle <duration>", "end what is above the minimum after so long unused", parseDuration)
    .option("--parallel", "keep the old species running beside the new one")
    .option("--force", "replace it although callers of the old types break")
    .option("--observe <duration>", "watch both releases so long before the old goes", parseObserve)
    .option("-d, --detach", "do not wait until it is done")
    .option("--on <node>", ON_NODE)
    .option("--json", "print { service, release, action, species, ... }");
  return command;
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function parseMin(text: string): number {
  return parseCount(text, "--min", 0, INSTANCES_MAX);
}

function parseMax(text: string): number {
  return parseCount(text, "--max", 1, INSTANCES_MAX);
}

function parseObserve(text: string): number {
  const observeMs = /^0(?:us|ms|s|m|h)?$/.test(text) ? 0 : parseDuration(text);
  if (observeMs <= OBSERVE_MS_MAX) return observeMs;
  throw new UsageError(`--observe: expected at most ${OBSERVE_MS_MAX / SECOND} s, found "${text}"`);
}
