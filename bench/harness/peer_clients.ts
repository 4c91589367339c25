import { join } from "node:path";
import { freePort } from "./free_port.ts";
import { LoadClient } from "./load_client.ts";
import { bundleForNode, grpcCommand, moleculerCommand } from "./peers.ts";
import type { Resources } from "./resources.ts";

const CLOSED_LOOP = join(import.meta.dir, "..", "load", "closed_loop.ts");

/** Two Moleculer nodes, connected over TCP; the client calls the other one. */
export async function startMoleculer(resources: Resources): Promise<LoadClient> {
  const ports = [String(freePort()), String(freePort())];
  await resources.start(moleculerCommand("server", "0", ...ports)).answer();
  const load = await bundleForNode(CLOSED_LOOP, resources.temporaryDirectory());
  const client = resources.start(moleculerCommand("client", load, ...ports));
  await client.answer();
  return new LoadClient(client);
}

/** A server and a client of grpc-js, connected over a Unix socket. */
export async function startGrpc(resources: Resources): Promise<LoadClient> {
  const directory = resources.temporaryDirectory();
  const socket = join(directory, "grpc.sock");
  await resources.start(grpcCommand("server", socket)).answer();
  const client = resources.start(grpcCommand("client", socket, await bundleForNode(CLOSED_LOOP, directory)));
  await client.answer();
  return new LoadClient(client);
}
