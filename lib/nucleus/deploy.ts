import { CellError } from "../base/mod.ts";
import { openPackage, packageSchema } from "../package/mod.ts";
import { holders } from "../service/mod.ts";
import type { DeployAnswer, DeployRequest } from "./client/mod.ts";
import { type Code, type Deployment, planDeployment } from "./deployment.ts";
import type { StateStore } from "./state/mod.ts";
import type { Supervisor } from "./supervisor.ts";

/** The package of a request, whole. Throws INVALID_ARGUMENT when it is of another service. */
export async function codeOf({ service, package: sha256 }: DeployRequest): Promise<Code> {
  const { schema, manifest } = await openPackage(sha256);
  if (manifest.service !== service) {
    throw new CellError("INVALID_ARGUMENT", `deploying ${service}: the package was built as ${manifest.service}`);
  }
  return { sha256, species: schema.species, schema };
}

/** Plans a deploy, stores what it comes to, and has it done. */
export async function deploy(
  request: DeployRequest,
  code: Code,
  store: StateStore,
  supervisor: Supervisor,
): Promise<DeployAnswer> {
  const { service } = request;
  refuseTaken(service);
  // A version that has never answered has no callers that another one could break.
  const asked = supervisor.mayHaveCallers(service) ? request : { ...request, force: true };
  const plan = await planDeployment(supervisor.catalog.get(service), asked, code, packageSchema);
  const release = keep(store, service, code, plan);
  // Also where nothing has changed: how the deploy before ended is no news of this one.
  supervisor.reload(service);
  if (request.replicas !== undefined) supervisor.rescale(service);
  // Whoever deploys the same again means it: what had been given up is tried again.
  if (plan.action === "unchanged" && supervisor.core.service(service)?.state === "down") supervisor.restart(service);
  return { service, release, action: plan.action, species: code.species };
}

/** Makes a plan durable; returns the number of the release that it is about. */
function keep(store: StateStore, service: string, { sha256, species }: Code, plan: Deployment): number {
  const { action, settings, env, parallel, observeMs, release } = plan;
  switch (action) {
    case "created":
      store.create({ name: service, ...settings }, { package: sha256, species, env });
      return store.service(service)!.releases[0]!.number;
    case "swapping":
      return store.atomically(() => {
        store.configure(service, { ...settings, stopped: false });
        return store.addCandidate(service, { package: sha256, species, env, parallel, observeMs });
      });
    case "configured":
      store.configure(service, { ...settings, stopped: false });
      return release!.number;
    case "unchanged":
      return release!.number;
  }
}

/** Somebody who serves the whole name with `cell run` would keep every instance from starting. */
function refuseTaken(service: string): void {
  const holder = holders().find((other) => other.service === service && other.number === undefined);
  if (holder === undefined) return;
  const who = holder.pid === undefined ? "a process" : `pid ${holder.pid}`;
  throw new CellError(
    "ALREADY_EXISTS",
    `deploying ${service}: ${who} serves this name outside of the nucleus (cell run). Stop it, or deploy under another ` +
      "name with --name.",
  );
}
