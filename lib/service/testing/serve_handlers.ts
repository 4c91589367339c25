import { finishSchema, type Method, type Type } from "../../schema/mod.ts";
import { type Claim, claimName } from "../claim.ts";
import { type RunningService, serve } from "../serve.ts";
import type { TestHome } from "./test_home.ts";

const ANYTHING: Type = { kind: "unknown" };

/** A function, and how its method differs from one that takes and returns anything. */
export type TestMethod = ((...args: never[]) => unknown) | {
  fn: (...args: never[]) => unknown;
  method: Partial<Omit<Method, "gene">>;
};

/** Serves functions of any number of arguments under a name, from this process. */
export async function serveHandlers(
  home: TestHome,
  name: string,
  methods: { [name: string]: TestMethod },
  claim?: Claim,
): Promise<RunningService> {
  const described = Object.entries(methods).map(([method, given]) => {
    const { fn, method: differing } = typeof given === "function" ? { fn: given, method: {} } : given;
    const params = [{ name: "args", type: ANYTHING, rest: true as const }];
    return { method, fn, schema: { params, result: ANYTHING, ...differing } };
  });
  const schema = finishSchema({
    name,
    methods: Object.fromEntries(described.map(({ method, schema }) => [method, schema])),
    types: {},
  });
  const handlers = Object.fromEntries(described.map(({ method, fn }) => [method, { fn }]));
  const service = await serve(schema, handlers, claim ?? await claimName(name), () => {});
  home.defer(() => service.drain(0));
  return service;
}
