import { CellError, MINUTE, toCellError } from "../base/mod.ts";
import { notStarted, outsideCalls } from "../rpc/mod.ts";
import { finishSchema, type Schema } from "../schema/mod.ts";
import { LocalDirectory } from "./directory.ts";
import { holderOf } from "./holders.ts";
import { NUCLEUS } from "./names.ts";
import { ServiceClient } from "./service_client.ts";

/** The agent gives up an instance that does not start long before. */
const ACTIVATION_MS_MAX = 1 * MINUTE;

/**
 * What is asked of the agent. The whole schema of it would have to be fetched and read, which takes longer than asking
 * whether this fits; whoever waits for a service to start waits for that, too.
 */
const question = (): Schema =>
  finishSchema({
    name: NUCLEUS,
    methods: { activate: { params: [{ name: "service", type: { kind: "string" } }], result: { kind: "unknown" } } },
    types: {},
  });

/**
 * Asks the node agent for a running instance of a service. False when no agent runs. It is asked on behalf of all callers
 * that wait, so the question is part of no call and outlives each of them; how long they wait is their own business.
 */
export async function activateThroughNucleus(service: string): Promise<boolean> {
  if (!isNucleusHere()) return false;
  const options = { schema: question(), timeoutMs: ACTIVATION_MS_MAX, transport: "uds" } as const;
  const nucleus = new ServiceClient(NUCLEUS, new LocalDirectory(), options);
  try {
    await outsideCalls(() => nucleus.call("activate", [service]));
    return true;
  } catch (thrown) {
    // It may have ended at this very moment: then nobody has said that there is no such service.
    if (!isNucleusHere()) return false;
    throw aboutTheService(service, toCellError(thrown));
  } finally {
    await nucleus.close();
  }
}

function isNucleusHere(): boolean {
  return holderOf({ service: NUCLEUS, number: undefined }) !== undefined;
}

/** The agent's error as one of the call that needed the service, which was not made. */
function aboutTheService(service: string, error: CellError): CellError {
  if (error.code !== "DEADLINE_EXCEEDED") return notStarted(error);
  const message = `${service} did not start within ${ACTIVATION_MS_MAX} ms`;
  return notStarted(new CellError("UNAVAILABLE", message, { cause: error }));
}
