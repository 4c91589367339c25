import { readFileSync } from "node:fs";
import { CellError } from "../lib/base/mod.ts";
import {
  connectNucleus,
  type DeployAnswer,
  type DeployRequest,
  type NucleusClient,
  type Progress,
} from "../lib/nucleus/client/mod.ts";
import { buildPackage, type BuiltPackage, parseEnvironment } from "../lib/package/mod.ts";
import type { Change } from "../lib/schema/mod.ts";
import { changeLine } from "./change_line.ts";
import { stderrStyle } from "./color.ts";
import type { ReleaseOptions } from "./deploy_options.ts";
import { exampleCall } from "./example_call.ts";
import { countInstances, followService } from "./follow_service.ts";
import { ProgressLine } from "./progress_line.ts";
import { selfCommand } from "./self.ts";
import { say } from "./stderr.ts";
import { printJson } from "./stdout.ts";
import { UsageError } from "./usage_error.ts";
import { withoutControls } from "./without_controls.ts";

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
  assertBounds(options);
  const env = environmentOf(options);
  await using nucleus = await connectNucleus();
  const built = await build(path, name);
  for (const warning of built.warnings) say(`${stderrStyle().yellow("warning:")} ${warning}`);
  const answer = await deploy(nucleus, requestOf(mode, built, env, options));
  announce(answer, options);
  const last = options.detach ? undefined : await settle(nucleus, answer);
  if (last !== undefined) await assertActive(nucleus, answer);
  if (options.json) return await printJson({ ...answer, package: built.sha256, up: last?.up ?? null });
  if (last === undefined) return;
  const style = stderrStyle();
  const { service, release, species } = answer;
  say(
    `${style.bold(style.green(service))} is deployed: release ${release}, ${
      countInstances(last.up)
    } up, species ${species}`,
  );
  const [first] = Object.keys(built.schema.methods);
  if (first !== undefined) say(style.dim(`Try: ${exampleCall(service, first, built.schema)}`));
}

/** Follows the service; what failed is said with what is left of it. */
async function settle(nucleus: NucleusClient, answer: DeployAnswer): Promise<Progress | undefined> {
  try {
    return await followService(nucleus, answer.service);
  } catch (error) {
    const left = await whatIsLeft(nucleus, answer).catch(() => undefined);
    if (left !== undefined) say(left);
    throw error;
  }
}

async function whatIsLeft(nucleus: NucleusClient, { service, release }: DeployAnswer): Promise<string | undefined> {
  const { services } = await nucleus.status();
  const active = services.find(({ name }) => name === service)?.releases.filter(({ role }) => role === "active") ?? [];
  const latest = active.at(-1);
  if (latest === undefined) return undefined;
  if (active.some(({ number }) => number === release)) {
    return `${service} stays deployed: deploy it again when that is mended, or forget it with cell rm ${service}`;
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

/** The command line wins over cell.toml; what neither says stays as it is. */
function requestOf(
  mode: DeployRequest["mode"],
  { service, sha256, config }: BuiltPackage,
  env: Record<string, string> | undefined,
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

/** Deploys; a refusal because of breaking changes comes with the list of them and with what can be done. */
async function deploy(nucleus: NucleusClient, request: DeployRequest): Promise<DeployAnswer> {
  try {
    return await nucleus.deploy(request);
  } catch (error) {
    const changes = changesOf(error);
    if (changes === undefined) throw error;
    const style = stderrStyle();
    for (const change of changes) say(changeLine({ ...change, message: withoutControls(change.message) }, style));
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

/** What the agent has done with the request, where that is not what the command's name says. */
function announce({ service, release, action }: DeployAnswer, { detach, parallel }: ReleaseOptions): void {
  const later = detach ? `; see cell status, cell logs ${service}` : "";
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
