import { CellError } from "../base/mod.ts";
import type { RemoteService } from "./remote.ts";

/**
 * The result of a remote function of which only the name is known, because its service did not run when it was imported.
 * It is a promise of the result; for a method with a stream it is also that stream. So both `await f()` and
 * `for await (const item of f())` do what they would do had the schema been known.
 */
export function callOfUnknownKind(service: RemoteService, method: string, args: readonly unknown[]): Promise<unknown> {
  const result = service.isStream(method).then((isStream) =>
    isStream ? { stream: service.stream(method, args) } : { value: service.call(method, args) }
  );
  const promise = result.then((kind) => ("value" in kind ? kind.value : kind.stream));
  const items = async () => {
    // Whoever reads the stream hears of a failure there; the promise is none of their business.
    promise.catch(() => {});
    const kind = await result;
    if ("stream" in kind) return kind.stream;
    await kind.value;
    throw new CellError(
      "INVALID_ARGUMENT",
      `${service.service}.${method} returns a single value: await it instead of iterating over it`,
    );
  };
  return Object.assign(promise, {
    next: async () => (await items()).next(),
    return: async () => (await items()).return(),
    throw: async (error: unknown) => (await items()).throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => {
      await (await items()).return();
    },
  });
}
