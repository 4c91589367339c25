import type { NucleusApi } from "./api.ts";

declare const api: NucleusApi;

/**
 * The methods of the agent as the exports of a service file, from which `generateSchema` reads the schema. Never loaded:
 * the agent itself is an object that needs a running node to be made.
 */
export const {
  activate,
  deploy,
  follow,
  health,
  heartbeat,
  instances,
  register,
  remove,
  restart,
  scale,
  shutdown,
  status,
  stop,
} = api;
