import { CellError, didYouMean } from "../base/mod.ts";

/** More names than this do not help whoever reads an error. */
export const NAMED_MAX = 3;
/** Says in the data of an error that nodes which may have a service could not be asked. */
const REASON = "silent nodes";

/** What is known of a service that no node has which was asked. */
export interface Nowhere {
  readonly service: string;
  /** What this machine says: it does not have it. */
  readonly here: CellError;
  /** Names of services of the cluster. */
  readonly services: readonly string[];
  /** Whether any other node was asked. */
  readonly wasAsked: boolean;
  /** Names of the nodes that do not answer. */
  readonly silent: readonly string[];
}

/**
 * The error for a service that nobody has who could be asked: NOT_FOUND, or UNAVAILABLE where there are nodes that do not
 * answer. These may have it, and may answer later.
 */
export function nowhere({ service, here, services, wasAsked, silent }: Nowhere): CellError {
  const near = didYouMean(service, services.filter((name) => !here.message.includes(name)));
  if (silent.length === 0) {
    const message = `${here.message} No other node of the cluster has it either.${near}`;
    return new CellError("NOT_FOUND", message, { data: { started: false }, cause: here });
  }
  const asked = wasAsked ? " Nor has any other node that answers." : "";
  const one = silent.length === 1;
  const may = ` ${one ? "Node" : "Nodes"} ${someOf(silent)} ${one ? "does" : "do"} not answer and may have it.`;
  const data = { started: false, reason: REASON };
  return new CellError("UNAVAILABLE", here.message + asked + may + near, { retryable: true, data, cause: here });
}

/** Whether the error says that nobody has the service. Whoever waits for that to change waits in vain, or for long. */
export function isNowhere({ code, data }: CellError): boolean {
  if (code === "NOT_FOUND") return true;
  return code === "UNAVAILABLE" && typeof data === "object" && data !== null && "reason" in data &&
    data.reason === REASON;
}

/** "a, b, c and 4 more" */
export function someOf(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  return names.slice(0, NAMED_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
