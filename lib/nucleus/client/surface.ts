import type { NucleusApi } from "./api.ts";

declare const api: NucleusApi;

/**
 * The methods of the agent as the exports of a service file, from which `generateSchema` reads the schema. Never loaded:
 * the agent itself is an object that needs a running node to be made.
 */
export const {
  activate,
  advertise,
  cluster,
  createToken,
  credentials,
  deploy,
  discover,
  follow,
  health,
  heartbeat,
  instances,
  join,
  leave,
  logs,
  lookup,
  members,
  register,
  remove,
  removeMember,
  restart,
  revokeToken,
  scale,
  services,
  shutdown,
  speciesSchema,
  status,
  stop,
  storePackage,
  tokens,
  tunnel,
  watch,
} = api;
