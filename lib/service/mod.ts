export { cacheDirectory, home, runDirectory } from "./home.ts";
export { assertServiceName, serviceNameOf } from "./names.ts";
export { type Claim, claimName, inheritClaim } from "./claim.ts";
export { type Instance, listInstances } from "./instances.ts";
export { connectService, type ConnectServiceOptions, type RemoteCallOptions, type RemoteService } from "./remote.ts";
export { installModules, type ModulesOptions } from "./modules.ts";
export { cacheSchema, drainOnSignals, runFile, type RunningService, type RunOptions, type RunOutcome } from "./run.ts";
