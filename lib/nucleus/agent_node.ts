import { openPackage } from "../package/mod.ts";
import { createServer, type RpcServer } from "../rpc/mod.ts";
import { roleHandlers } from "../role/mod.ts";
import type { Link } from "../net/mod.ts";
import { stoppedError } from "./activation.ts";
import type { Agent } from "./agent.ts";
import { CellError } from "../base/mod.ts";
import type { Health } from "../gossip/catalog/mod.ts";
import { NUCLEUS, NUCLEUS_SCHEMA } from "./client/mod.ts";
import type { Condition, LocalNode } from "./cluster/mod.ts";

/**
 * What a command at another node may call here. What is not named is this node's processes' own or decides who is a member,
 * and the agent of another node, whoever has taken it over, is not to have it: so also what is added one day.
 */
export const FOR_OTHERS: ReadonlySet<string> = new Set([
  ...["status", "health", "instances", "cluster", "members", "discover", "watch", "speciesSchema", "logs", "follow"],
  ...["deploy", "storePackage", "scale", "stop", "restart", "remove", "activate", "shutdown"],
]);

const HEALTHS: { readonly [state: string]: Health } = { up: "up", degraded: "degraded" };

/** The agent as the other machines' agents need it. */
export class AgentNode implements LocalNode {
  #server: RpcServer | undefined;

  /** `parts` answer the agent's methods; they are complete when the first connection comes. */
  constructor(
    private readonly agent: Agent,
    private readonly parts: readonly object[],
    private readonly log: (line: string) => void,
  ) {}

  has(service: string): boolean {
    const deployed = this.agent.supervisor.catalog.get(service);
    if (deployed?.stopped) throw stoppedError(service);
    return deployed !== undefined;
  }

  startsHere(service: string): boolean {
    const { supervisor } = this.agent;
    return supervisor.catalog.get(service)?.stopped === false && supervisor.core.service(service)?.state !== "down";
  }

  async wake(service: string): Promise<boolean> {
    if (!this.has(service)) return false;
    await this.agent.supervisor.wake(service, undefined);
    return true;
  }

  async schemaOf(species: string): Promise<string | undefined> {
    const releases = this.agent.supervisor.catalog.all().flatMap((service) => service.releases);
    const release = releases.find((one) => one.species === species);
    return release === undefined ? undefined : JSON.stringify((await openPackage(release.package)).schema);
  }

  conditions(): ReadonlyMap<string, Condition> {
    return new Map(
      this.agent.instances().map(({ instance, state, load }) => [
        instance,
        { health: HEALTHS[state] ?? "down", load: Math.min(1, load?.cpuShare ?? 0) },
      ]),
    );
  }

  acceptAgent(link: Link): void {
    this.#server ??= this.#serve();
    this.#server.accept(link);
  }

  #serve(): RpcServer {
    const handlers = roleHandlers({ name: NUCLEUS, schema: NUCLEUS_SCHEMA }, this.parts);
    const kept = Object.keys(handlers).filter((method) => !FOR_OTHERS.has(method));
    for (const method of kept) handlers[method] = { fn: () => Promise.reject(notForOthers(method)) };
    return createServer({
      schema: NUCLEUS_SCHEMA,
      handlers,
      instance: NUCLEUS,
      log: ({ level, message }) => {
        if (level !== "debug") this.log(`${level}: ${message}`);
      },
    });
  }
}

function notForOthers(method: string): CellError {
  return new CellError(
    "PERMISSION_DENIED",
    `calling nucleus.${method} from another node: only this node's own processes may`,
    {
      data: { started: false },
    },
  );
}
