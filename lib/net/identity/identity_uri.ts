import { CellError } from "../../base/mod.ts";
import { COMMAND_SERVICE } from "../link.ts";
import { isNodeId, type NodeId } from "./node_id.ts";

const SCHEME = "cell://";
const SERVICE = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const INSTANCE_NUMBER = /^[1-9][0-9]{0,3}$/;
const PROCESS_ID = /^[1-9][0-9]{0,9}$/;

/** Who an instance is, in the whole world. */
export interface Identity {
  /** The cluster's id. */
  readonly cluster: NodeId;
  readonly node: NodeId;
  /** "nucleus" for the node agent, "cell" for a command at a shell. */
  readonly service: string;
  /** "hello@2", or "hello" for the only one; a command's process id. */
  readonly instance: string;
}

/** An identity that certificates vouch for. */
export interface VerifiedIdentity extends Identity {
  /** The name that the authority has certified to the node. */
  readonly nodeName: string;
}

/** The URI of a node's certificate: `cell://CLUSTER/NODE`. Throws INVALID_ARGUMENT for ids that are none. */
export function formatNodeUri(cluster: NodeId, node: NodeId): string {
  const uri = `${SCHEME}${cluster}/${node}`;
  if (parseNodeUri(uri) === undefined) throw unnameable(uri);
  return uri;
}

/** Reads what `formatNodeUri` wrote; undefined for anything else. */
export function parseNodeUri(uri: string): Pick<Identity, "cluster" | "node"> | undefined {
  const [cluster, node, ...rest] = segmentsOf(uri);
  if (cluster === undefined || node === undefined || rest.length > 0) return undefined;
  return isNodeId(cluster) && isNodeId(node) ? { cluster, node } : undefined;
}

/** The URI of an instance's certificate: `cell://CLUSTER/NODE/SERVICE/INSTANCE`. Throws INVALID_ARGUMENT for bad names. */
export function formatIdentity({ cluster, node, service, instance }: Identity): string {
  const uri = `${SCHEME}${cluster}/${node}/${service}/${instance}`;
  if (parseIdentity(uri) === undefined) throw unnameable(uri);
  return uri;
}

/** Reads what `formatIdentity` wrote; undefined for anything else. */
export function parseIdentity(uri: string): Identity | undefined {
  const [cluster, node, service, instance, ...rest] = segmentsOf(uri);
  if (cluster === undefined || node === undefined || service === undefined || instance === undefined) return undefined;
  if (rest.length > 0 || !isNodeId(cluster) || !isNodeId(node) || !isServiceName(service)) return undefined;
  return isInstanceOf(service, instance) ? { cluster, node, service, instance } : undefined;
}

/** Whether `text` has the form of a service's name. */
export function isServiceName(text: string): boolean {
  return SERVICE.test(text);
}

function isInstanceOf(service: string, instance: string): boolean {
  if (service === COMMAND_SERVICE) return PROCESS_ID.test(instance);
  if (instance === service) return true;
  return instance.startsWith(`${service}@`) && INSTANCE_NUMBER.test(instance.slice(service.length + 1));
}

function segmentsOf(uri: string): string[] {
  return uri.startsWith(SCHEME) ? uri.slice(SCHEME.length).split("/", 5) : [];
}

function unnameable(uri: string): CellError {
  return new CellError(
    "INVALID_ARGUMENT",
    `naming an instance: expected cell://CLUSTER/NODE/SERVICE/INSTANCE, with an instance of the service (hello@2 of ` +
      `hello, a process id of ${COMMAND_SERVICE}), found ${JSON.stringify(uri.slice(0, 256))}`,
  );
}
