import { join } from "node:path";
import { freePort } from "./free_port.ts";
import { LoadClient } from "./load_client.ts";
import { bundleForNode, grpcCommand, moleculerCommand } from "./peers.ts";
import { anywhere, type Placement } from "./placement.ts";
import type { Resources } from "./resources.ts";

const CLOSED_LOOP = join(import.meta.dir, "..", "load", "closed_loop.ts");

/** Two Moleculer nodes, connected over TCP; the client calls the other one. */
export async function startMoleculer(resources: Resources, placement: Placement = anywhere): Promise<LoadClient> {
  const ports = [String(freePort()), String(freePort())];
  await resources.start(placement(moleculerCommand("server", "0", ...ports), "server")).answer();
  const load = await bundleForNode(CLOSED_LOOP, resources.temporaryDirectory());
  const client = resources.start(placement(moleculerCommand("client", load, ...ports), "client"));
  await client.answer();
  return new LoadClient(client);
}

/** A server and a client of grpc-js, connected over a Unix socket. */
export async function startGrpc(resources: Resources, placement: Placement = anywhere): Promise<LoadClient> {
  const directory = resources.temporaryDirectory();
  const socket = join(directory, "grpc.sock");
  await resources.start(placement(grpcCommand("server", socket), "server")).answer();
  const load = await bundleForNode(CLOSED_LOOP, directory);
  const client = resources.start(placement(grpcCommand("client", socket, load), "client"));
  await client.answer();
  return new LoadClient(client);
}
