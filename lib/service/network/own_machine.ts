import { CellError, toCellError } from "../../base/mod.ts";
import type { Directory, Endpoint } from "../directory.ts";
import { someOf } from "../nowhere.ts";
import type { NodeAgent } from "./agent.ts";

/** What a directory of this machine only is made of. */
export interface OwnMachineOptions {
  readonly local: Directory;
  readonly agent: NodeAgent;
  readonly transport: "uds" | "shm";
}

/**
 * This machine, for who insists on a transport that reaches no other: says so where a service runs elsewhere. The agent is
 * asked only when nothing is found here.
 */
export class OwnMachine implements Directory {
  constructor(private readonly options: OwnMachineOptions) {}

  list(service: string): Promise<readonly Endpoint[]> {
    return this.options.local.list(service);
  }

  async find(service: string): Promise<Endpoint[]> {
    try {
      return await this.options.local.find(service);
    } catch (thrown) {
      const error = toCellError(thrown);
      throw error.code === "NOT_FOUND" ? await this.#elsewhere(service) ?? error : error;
    }
  }

  async #elsewhere(service: string): Promise<CellError | undefined> {
    const { agent, transport } = this.options;
    if (agent.state() !== "online") return undefined;
    const known = await agent.discover(service).catch(() => []);
    if (known.length === 0) return undefined;
    const nodes = someOf([...new Set(known.map(({ node }) => node))]);
    const message =
      `connecting to ${service}: the transport ${transport} reaches this machine only, and ${service} runs on ` +
      `${nodes}. Use the transport auto, quic or tls.`;
    return new CellError("FAILED_PRECONDITION", message, { data: { started: false } });
  }
}
