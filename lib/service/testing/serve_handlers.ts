import type { HandlerOptions } from "../../rpc/mod.ts";
import { finishSchema, type Method, type Schema, type Type } from "../../schema/mod.ts";
import { type Claim, claimInstance, claimName } from "../claim.ts";
import { type RunningService, serve, type ServeOptions } from "../serve.ts";
import type { TestHome } from "./test_home.ts";

const ANYTHING: Type = { kind: "unknown" };

/** A function, and how its method differs from one that takes and returns anything. */
export type TestMethod = ((...args: never[]) => unknown) | {
  fn: (...args: never[]) => unknown;
  method: Partial<Omit<Method, "gene">>;
  options?: HandlerOptions;
};

/** By name. */
export type TestMethods = { [name: string]: TestMethod };

/** Serves functions of any number of arguments under a name, from this process. */
export async function serveHandlers(
  home: TestHome,
  name: string,
  methods: TestMethods,
  claim?: Claim,
  options: ServeOptions = {},
): Promise<RunningService> {
  const held = claim ?? await claimName(name);
  const service = await serve(schemaOf(name, methods), handlersOf(methods), held, () => {}, options);
  home.defer(() => service.drain(0));
  return service;
}

/** Serves them as an instance of a deployed service. */
export async function serveInstance(
  home: TestHome,
  { name, number, release = 1 }: { name: string; number: number; release?: number },
  methods: TestMethods,
  options: ServeOptions = {},
): Promise<RunningService> {
  const { species } = schemaOf(name, methods);
  return await serveHandlers(home, name, methods, await claimInstance(name, number, { species, release }), options);
}

/** The schema of what `serveHandlers` serves. */
export function schemaOf(name: string, methods: TestMethods): Schema {
  const described = Object.entries(methods).map(([method, given]) => {
    const params = [{ name: "args", type: ANYTHING, rest: true as const }];
    return [method, { params, result: ANYTHING, ...(typeof given === "function" ? {} : given.method) }] as const;
  });
  return finishSchema({ name, methods: Object.fromEntries(described), types: {} });
}

function handlersOf(methods: TestMethods) {
  return Object.fromEntries(
    Object.entries(methods).map(([name, given]) => {
      if (typeof given === "function") return [name, { fn: given }];
      return [name, { fn: given.fn, ...(given.options === undefined ? {} : { options: given.options }) }];
    }),
  );
}
