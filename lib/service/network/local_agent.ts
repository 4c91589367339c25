import { home } from "../home.ts";
import { LocalAgent, type NodeAgent } from "./agent.ts";

let current: { readonly home: string; readonly agent: NodeAgent } | undefined;

/** The agent of this process's home: one object, so that what is learned from it is shared. */
export function localAgent(): NodeAgent {
  const path = home();
  if (current?.home !== path) current = { home: path, agent: new LocalAgent() };
  return current.agent;
}
