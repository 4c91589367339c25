import { readFileSync } from "node:fs";
import { CellError } from "../lib/base/mod.ts";
import type { DeployAnswer, DeployRequest, NucleusClient } from "../lib/nucleus/client/mod.ts";
import { buildPackage, type BuiltPackage, parseEnvironment, readArchive } from "../lib/package/mod.ts";
import type { Change } from "../lib/schema/mod.ts";
import { changeLine } from "./change_line.ts";
import { stderrStyle } from "./color.ts";
import type { ReleaseOptions } from "./deploy_options.ts";
import { ProgressLine } from "./progress_line.ts";
import { selfCommand } from "./self.ts";
import { say } from "./stderr.ts";
import { UsageError } from "./usage_error.ts";
import { withoutControls } from "./without_controls.ts";

/** A package as it was built here, and what the command line says of its environment. */
export interface BuiltRelease {
  readonly built: BuiltPackage;
  readonly env: Record<string, string> | undefined;
}

/** Checks the options, and reads what they say of the environment; undefined when they say nothing. Throws UsageError. */
export function environmentFor(options: ReleaseOptions): Record<string, string> | undefined {
  assertBounds(options);
  return environmentOf(options);
}

/** Builds the package; says what it warns of. Throws what is wrong in the source. */
export async function buildRelease(
  path: string,
  name: string | undefined,
  env: Record<string, string> | undefined,
): Promise<BuiltRelease> {
  const built = await build(path, name);
  for (const warning of built.warnings) say(`${stderrStyle().yellow("warning:")} ${warning}`);
  return { built, env };
}

/** Sends the package to the agent of another node. */
export async function sendPackage(nucleus: NucleusClient, { sha256 }: BuiltPackage): Promise<void> {
  await nucleus.storePackage(sha256, readArchive(sha256));
}

/** The command line wins over cell.toml; what neither says stays as it is. */
export function requestOf(
  mode: DeployRequest["mode"],
  { built: { service, sha256, config }, env }: BuiltRelease,
  options: ReleaseOptions,
): DeployRequest {
  const given = {
    replicas: options.instances,
    minReplicas: options.min ?? config.minReplicas,
    maxReplicas: options.max ?? config.maxReplicas,
    idleMs: options.idle ?? config.idleMs,
    cpuTarget: config.cpuTarget,
    env: env === undefined ? config.env : { ...config.env, ...env },
    parallel: options.parallel,
    force: options.force,
    observeMs: options.observe,
  };
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { service, package: sha256, mode, ...settings };
}

/**
 * Deploys; a refusal because of breaking changes comes with the list of them, given to `tell`, and with what can be done.
 */
export async function deployPackage(
  nucleus: NucleusClient,
  request: DeployRequest,
  tell: (lines: readonly string[]) => void = (lines) => lines.forEach(say),
): Promise<DeployAnswer> {
  try {
    return await nucleus.deploy(request);
  } catch (error) {
    const changes = changesOf(error);
    if (changes === undefined) throw error;
    const style = stderrStyle();
    tell(changes.map((change) => changeLine({ ...change, message: withoutControls(change.message) }, style)));
    const breaking = changes.filter(({ compatible }) => !compatible).length;
    throw new CellError(
      "FAILED_PRECONDITION",
      `${request.service} as deployed has callers that ${breaking} ${
        breaking === 1 ? "change breaks" : "changes break"
      }. ` +
        "--parallel runs the new beside the old, each for its own callers; --force replaces the old",
      { cause: error },
    );
  }
}

function changesOf(error: unknown): Change[] | undefined {
  if (!(error instanceof CellError) || error.code !== "FAILED_PRECONDITION") return undefined;
  const data = error.data as { changes?: unknown } | null | undefined;
  return Array.isArray(data?.changes) ? data.changes as Change[] : undefined;
}

async function build(path: string, name: string | undefined): Promise<BuiltPackage> {
  const line = new ProgressLine();
  line.update(`building ${path}`);
  try {
    return await buildPackage(path, {
      schemaCommand: selfCommand("__schema"),
      ...(name === undefined ? {} : { name }),
    });
  } finally {
    line.clear();
  }
}

/** What the command line says of the environment; undefined when it says nothing. */
function environmentOf({ env, envFile }: ReleaseOptions): Record<string, string> | undefined {
  if (env === undefined && envFile === undefined) return undefined;
  const text = envFile === undefined ? undefined : readEnvironmentFile(envFile);
  try {
    return parseEnvironment(env ?? [], text, envFile);
  } catch (error) {
    throw error instanceof CellError ? new UsageError(error.message) : error;
  }
}

function readEnvironmentFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--env-file: reading ${path}: ${(error as Error).message}`);
  }
}

function assertBounds({ instances, min, max }: ReleaseOptions): void {
  if (min !== undefined && max !== undefined && min > max) {
    throw new UsageError(`--min ${min} is more than --max ${max}`);
  }
  if (instances !== undefined && max !== undefined && instances > max) {
    throw new UsageError(`--instances ${instances} is more than --max ${max}`);
  }
}
