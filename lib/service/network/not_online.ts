import { CellError } from "../../base/mod.ts";
import type { AgentState } from "./agent.ts";

/** The error for a call that needs the network on a machine that has none. */
export function notOnline(service: string, state: Exclude<AgentState, "online">): CellError {
  if (state === "starting") {
    return new CellError("UNAVAILABLE", `connecting to ${service} over the network: the node agent is starting`, {
      data: { started: false },
    });
  }
  const why = state === "absent"
    ? "the node agent does not run here. Start it with cell up"
    : "the network of this node is off. Turn it on with cell token create, or join a cluster with cell join TOKEN";
  return new CellError("FAILED_PRECONDITION", `connecting to ${service} over the network: ${why}.`, {
    data: { started: false },
  });
}
