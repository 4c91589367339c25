import { CellError } from "../base/mod.ts";
import { type Change, compareSchemas, type Schema } from "../schema/mod.ts";
import type { DeployAnswer, DeployRequest } from "./client/mod.ts";
import { OBSERVE_MS_DEFAULT, type Settings, settingsAfter } from "./settings.ts";
import type { StoredRelease, StoredService } from "./state/mod.ts";

/** A package that was built of a service. */
export interface Code {
  readonly sha256: string;
  readonly species: string;
  readonly schema: Schema;
}

/** What a deploy comes to. */
export interface Deployment {
  readonly action: DeployAnswer["action"];
  readonly settings: Settings;
  /** Of "created" and "swapping". */
  readonly env: StoredRelease["env"];
  /** Of "swapping". */
  readonly parallel: boolean;
  readonly observeMs: number;
  /** Of "configured" and "unchanged": what runs already. */
  readonly release: StoredRelease | undefined;
}

/**
 * Decides what a deploy comes to: a new service, a new release of one that exists, other settings, or nothing. What a
 * process is given when it starts makes a release, so another environment is one, too: it has to prove itself like other
 * code, and is rolled back when it does not. Throws
 * INVALID_ARGUMENT for settings that cannot be, and FAILED_PRECONDITION, with `data.changes`, when the new schema breaks
 * callers and neither `parallel` nor `force` is set. `schemaOf` reads the schema of a package.
 */
export async function planDeployment(
  existing: StoredService | undefined,
  request: DeployRequest,
  code: Code,
  schemaOf: (sha256: string) => Promise<Schema>,
): Promise<Deployment> {
  const settings = settingsAfter(existing, request);
  const { parallel = false, force = false, observeMs = OBSERVE_MS_DEFAULT } = request;
  const newest = existing?.releases.at(-1);
  const env = request.env ?? newest?.env ?? {};
  const plan = { settings, env, parallel, observeMs, release: undefined };
  if (existing === undefined) return { ...plan, action: "created" };
  if (newest?.package === code.sha256 && isSameEnvironment(newest.env, env) && !parallel) {
    const isSame = !existing.stopped && isSameSettings(existing, settings);
    return { ...plan, action: isSame ? "unchanged" : "configured", release: newest };
  }
  const active = existing.releases.filter(({ role }) => role === "active");
  if (parallel) refuseSameSpecies(request.service, active, code);
  else if (!force) await refuseBreaking(request.service, active.at(-1), code, schemaOf);
  return { ...plan, action: "swapping" };
}

/** Two releases of one species cannot be told apart by callers, so keeping both would be of no use. */
function refuseSameSpecies(service: string, active: readonly StoredRelease[], code: Code): void {
  const same = active.find(({ species }) => species === code.species);
  if (same === undefined) return;
  throw new CellError(
    "FAILED_PRECONDITION",
    `deploying ${service} beside what runs: release ${same.number} has the same species ${code.species}, so callers ` +
      "could not choose. Deploy without --parallel to replace it.",
  );
}

async function refuseBreaking(
  service: string,
  active: StoredRelease | undefined,
  code: Code,
  schemaOf: (sha256: string) => Promise<Schema>,
): Promise<void> {
  if (active === undefined || active.species === code.species) return;
  const changes: Change[] = compareSchemas(await schemaOf(active.package), code.schema);
  const breaking = changes.filter(({ compatible }) => !compatible);
  if (breaking.length === 0) return;
  const count = `${breaking.length} ${breaking.length === 1 ? "change breaks" : "changes break"}`;
  throw new CellError(
    "FAILED_PRECONDITION",
    `replacing release ${active.number} of ${service}: ${count} its callers. Keep both running with --parallel, or ` +
      "replace it nevertheless with --force.",
    { data: { changes } },
  );
}

function isSameSettings(a: Settings, b: Settings): boolean {
  return a.replicas === b.replicas && a.minReplicas === b.minReplicas && a.maxReplicas === b.maxReplicas &&
    a.idleMs === b.idleMs && a.cpuTarget === b.cpuTarget;
}

function isSameEnvironment(a: StoredRelease["env"], b: StoredRelease["env"]): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
