import { finishSchema, type Method, type Schema, type Type } from "../../schema/mod.ts";
import { NUCLEUS } from "../names.ts";

const text: Type = { kind: "string" };
const number: Type = { kind: "number" };
const bytes: Type = { kind: "bytes" };
const date: Type = { kind: "date" };
const flag: Type = { kind: "boolean" };
const optionalNumber: Type = { kind: "union", members: [number, { kind: "null" }] };

/** `optional` are properties that an older agent does not have. */
function object(properties: { [name: string]: Type }, optional: { [name: string]: Type } = {}): Type {
  const required = Object.entries(properties).map(([name, type]) => [name, { type }]);
  const others = Object.entries(optional).map(([name, type]) => [name, { type, optional: true }]);
  return { kind: "object", properties: Object.fromEntries([...required, ...others]) };
}

function list(items: Type): Type {
  return { kind: "array", items };
}

function method(
  params: { [name: string]: Type },
  result: Type,
  more: Partial<Method> = {},
): Omit<Method, "gene"> {
  return { params: Object.entries(params).map(([name, type]) => ({ name, type })), result, ...more };
}

const stream = { resultStream: true } as const;

const instance = object({
  service: text,
  instance: text,
  species: text,
  release: optionalNumber,
  node: text,
  nodeId: text,
  region: text,
  zone: text,
  endpoints: list(text),
}, { isSilent: flag });

const issued = object({
  cluster: text,
  nodeId: text,
  chain: text,
  authority: text,
  expiresAt: date,
  revoked: list(text),
  host: text,
  portFirst: number,
  portLast: number,
});

let schema: Schema | undefined;

/**
 * What is asked of the node agent about other machines. The agent says whether this fits what it has, method by method; the
 * whole schema of it would have to be fetched and read. Made when it is needed: a process without a network never does.
 */
export function agentSchema(): Schema {
  return schema ??= finishSchema({
    name: NUCLEUS,
    methods: {
      cluster: method({}, object({ nodeId: text, node: text, region: text, zone: text }), { idempotent: true }),
      members: method({}, list(object({ name: text, state: text, isSelf: flag })), { idempotent: true }),
      services: method({}, list(text), { idempotent: true }),
      lookup: method({ service: text }, list(instance), { idempotent: true }),
      discover: {
        params: [{ name: "service", type: text, optional: true }],
        result: list(instance),
        idempotent: true,
      },
      watch: method({ service: text }, list(instance), stream),
      speciesSchema: method({ species: text }, text, { idempotent: true }),
      credentials: method(
        { request: object({ service: text, instance: text, publicKey: bytes }) },
        issued,
        stream,
      ),
      advertise: method(
        {
          advertisement: object({
            service: text,
            instance: text,
            species: text,
            release: optionalNumber,
            quicPort: number,
            tlsPort: number,
            isRestricted: flag,
          }),
        },
        flag,
        stream,
      ),
    },
    types: {},
  });
}
