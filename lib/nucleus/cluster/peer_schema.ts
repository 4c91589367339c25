import { EXCHANGE_BYTES_MAX } from "../../gossip/mod.ts";
import { NODE_REQUEST_BYTES_MAX } from "../../net/identity/mod.ts";
import { finishSchema, type Schema, type Type } from "../../schema/mod.ts";

/** One piece of what a pipe carries. */
export const PIECE_BYTES_MAX = 256 * 1024;
/** A schema as JSON. */
export const SCHEMA_LENGTH_MAX = 4 * 1024 * 1024;

const NAME_LENGTH_MAX = 128;

const exchanged: Type = { kind: "bytes", maxLength: EXCHANGE_BYTES_MAX };
const piece: Type = { kind: "bytes", maxLength: PIECE_BYTES_MAX };
const name: Type = { kind: "string", maxLength: NAME_LENGTH_MAX };
const schemaText: Type = { kind: "string", maxLength: SCHEMA_LENGTH_MAX };
const answer: Type = { kind: "boolean" };
const nodeRequest: Type = { kind: "bytes", maxLength: NODE_REQUEST_BYTES_MAX };
const secret: Type = { kind: "bytes", maxLength: 64 };
const pem: Type = { kind: "string", maxLength: 16 * 1024 };

/** What the agents of two nodes say to each other, each with its certificate. */
export interface PeerApi {
  /** What the caller knows of the cluster, for what this node knows that the caller does not. */
  exchange(request: Uint8Array): Promise<Uint8Array>;
  /** Whether this node lives: asked when datagrams got no answer. */
  probe(): Promise<boolean>;
  /** Whether a service of this name is deployed here, even if no instance runs now. FAILED_PRECONDITION: it is stopped. */
  has(service: string): Promise<boolean>;
  /** Starts an instance of a service that is deployed here and sleeps; false when there is none of this name. */
  wake(service: string): Promise<boolean>;
  /** A schema that this node has, as JSON; empty when it has none of this species. */
  speciesSchema(species: string): Promise<string>;
  /** A new certificate for the calling node, which made the request: answered where the authority's key is. PEM. */
  renew(request: Uint8Array): Promise<string>;
  /** Bytes between the caller and an instance of this node, which encrypt what they say. For every member's processes. */
  relay(instance: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void>;
  /** A connection to this agent's own methods, for a command at the calling node. */
  agent(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void>;
}

/** The methods of `PeerApi`. */
export const PEER_SCHEMA: Schema = finishSchema({
  name: "nucleus",
  methods: {
    exchange: { params: [{ name: "request", type: exchanged }], result: exchanged, idempotent: true },
    probe: { params: [], result: answer, idempotent: true },
    has: { params: [{ name: "service", type: name }], result: answer, idempotent: true },
    wake: { params: [{ name: "service", type: name }], result: answer, idempotent: true },
    speciesSchema: { params: [{ name: "species", type: name }], result: schemaText, idempotent: true },
    renew: { params: [{ name: "request", type: nodeRequest }], result: pem, idempotent: true },
    relay: {
      params: [{ name: "instance", type: name }, { name: "bytes", type: piece, stream: true }],
      result: piece,
      resultStream: true,
    },
    agent: { params: [{ name: "bytes", type: piece, stream: true }], result: piece, resultStream: true },
  },
  types: {},
});

/** What a node without a certificate may ask: to be let in. */
export interface JoinApi {
  join(request: JoinRequest): Promise<JoinAnswer>;
}

/** Who wants to join, and why it may. */
export interface JoinRequest {
  /** Of the token. */
  secret: Uint8Array;
  /** The node's public key and name, and proof that it has the private key. */
  request: Uint8Array;
}

/** What a new member needs. */
export interface JoinAnswer {
  /** PEM. */
  certificate: string;
  authority: string;
  /** The keys that datagrams are sealed under, as the gossip room encodes them. */
  gossipKeys: Uint8Array;
  /** HOST:PORT of nodes that gossip. */
  contacts: string[];
}

/** The method of `JoinApi`. */
export const JOIN_SCHEMA: Schema = finishSchema({
  name: "join",
  methods: {
    join: {
      params: [{
        name: "request",
        type: {
          kind: "object",
          properties: {
            secret: { type: secret },
            request: { type: nodeRequest },
          },
        },
      }],
      result: {
        kind: "object",
        properties: {
          certificate: { type: pem },
          authority: { type: pem },
          gossipKeys: { type: { kind: "bytes", maxLength: 4096 } },
          contacts: { type: { kind: "array", items: name, maxItems: 64 } },
        },
      },
    },
  },
  types: {},
});
