import { CellError, didYouMean } from "../../base/mod.ts";
import type { Member } from "./cluster_api.ts";

/** The beginning of an id that is taken for the node: as many digits as are shown. */
const ID_DIGITS_MIN = 8;
const ID_PATTERN = /^[0-9a-f]{8,32}$/;
/** More names than this do not help. */
const LISTED_MAX = 8;

/**
 * The member that a person means by a name, an id, or the id's first digits. Of several with one name those that have gone
 * do not count. Throws NOT_FOUND with near names, FAILED_PRECONDITION with the ids when several are meant.
 */
export function findMember(members: readonly Member[], node: string): Member {
  const named = members.filter(({ name }) => name === node);
  const here = named.filter(({ state }) => state === "alive" || state === "suspect");
  const found = here.length > 0 ? here : named.length > 0 ? named : byId(members, node);
  if (found.length > 1) {
    const ids = found.map(({ name, id }) => `${id.slice(0, ID_DIGITS_MIN)} (${name})`).slice(0, LISTED_MAX).join(", ");
    const message = `${found.length} nodes are meant by "${node}": write one of their ids: ${ids}`;
    throw new CellError("FAILED_PRECONDITION", message, { data: { started: false } });
  }
  if (found[0] !== undefined) return found[0];
  throw new CellError("NOT_FOUND", `there is no node "${node}" in the cluster.${adviceFor(members, node)}`, {
    data: { started: false },
  });
}

/** The id as it is shown: its first 8 digits. */
export function shortNodeId(id: string): string {
  return id.slice(0, ID_DIGITS_MIN);
}

/** Whether `node` is this id, or at least its first 8 digits. */
export function isIdOf(node: string, id: string): boolean {
  return ID_PATTERN.test(node) && id.startsWith(node);
}

function byId(members: readonly Member[], node: string): Member[] {
  return members.filter(({ id }) => isIdOf(node, id));
}

function adviceFor(members: readonly Member[], node: string): string {
  const names = members.map(({ name }) => name);
  const near = didYouMean(node, new Set(names));
  if (near !== "") return near;
  if (members.length <= 1) return " It has only this node: cell token create lets others join.";
  return ` Its nodes are ${names.slice(0, LISTED_MAX).join(", ")}${names.length > LISTED_MAX ? ", ..." : ""}.`;
}
