import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AgentHome } from "./agent_home.ts";
import type { CaseContext } from "./case.ts";

/** Homes have different names, as machines have. */
let count = 0;

/** A `$CELL_HOME` with an agent that listens on the loopback interface once it has a reason to. */
export class ClusterHome extends AgentHome {
  /** Lays a home out and starts its agent. */
  static override async up(context: CaseContext): Promise<ClusterHome> {
    const home = new ClusterHome(context);
    await home.cell("init", "--node-id", `bench-${process.pid}-${++count}`);
    const settings = `host = "127.0.0.1"\nport = 0\ngossip_port = 0\nmulticast = false\n`;
    // The table [network] is the last one of a new file.
    writeFileSync(join(home.home, "node.toml"), settings, { flag: "a" });
    await home.cell("up");
    return home;
  }

  /** A token that one node may join with. */
  async token(): Promise<string> {
    return (await this.ask<{ token: string }>("createToken", {})).token;
  }
}
