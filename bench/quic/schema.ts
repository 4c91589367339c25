import { finishSchema, type Schema } from "../../lib/schema/mod.ts";

const text = { kind: "string" } as const;
const number = { kind: "number" } as const;

/** The service of the QUIC cases: the call of the other cases, and a stream. */
export const SCHEMA: Schema = finishSchema({
  name: "hello",
  methods: {
    greet: {
      params: [{ name: "input", type: { kind: "object", properties: { name: { type: text } } } }],
      result: { kind: "object", properties: { greeting: { type: text } } },
    },
    count: { params: [{ name: "to", type: number }], result: number, resultStream: true },
  },
  types: {},
});
