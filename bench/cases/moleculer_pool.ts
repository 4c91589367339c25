import { join } from "node:path";
import { bundleForNode, type CaseContext, freePort, moleculerCommand, type Program } from "../harness/mod.ts";

const SERVERS = 2;
const PACED = join(import.meta.dir, "..", "load", "paced.ts");

/** Two Moleculer nodes with the same service and a third one that calls them at a fixed rate. */
export class MoleculerPool {
  private next = 0;

  private constructor(
    readonly client: Program,
    private readonly servers: Program[],
    private readonly startServer: (index: number) => Promise<Program>,
  ) {}

  /** `retry`: which failed calls are made again: those that no node took, or all, whether or not they have run. */
  static async start({ resources }: CaseContext, retry: "not-taken" | "all"): Promise<MoleculerPool> {
    const ports = Array.from({ length: SERVERS + 1 }, () => String(freePort()));
    const startServer = async (index: number): Promise<Program> => {
      const server = resources.start(moleculerCommand("tracking-server", String(index), ...ports));
      await server.answer();
      return server;
    };
    const servers = await Promise.all(Array.from({ length: SERVERS }, (_, index) => startServer(index)));
    const load = await bundleForNode(PACED, resources.temporaryDirectory());
    const client = resources.start(moleculerCommand("paced-client", retry, load, ...ports));
    await client.answer();
    return new MoleculerPool(client, servers, startServer);
  }

  /** Ends one of the servers, by turns, in the given way. */
  async endOne(how: "stop" | "kill"): Promise<void> {
    const server = this.servers[this.next]!;
    if (how === "stop") return await server.stop();
    server.kill();
    await server.exited;
  }

  /** Starts the one that was ended. The client waits for it to be known before it calls again. */
  async restore(): Promise<void> {
    this.servers[this.next] = await this.startServer(this.next);
    this.next = (this.next + 1) % SERVERS;
  }
}
