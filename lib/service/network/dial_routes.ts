import { CellError, MS, toCellError } from "../../base/mod.ts";
import type { Link } from "../../net/mod.ts";
import { firstReached } from "../pool/mod.ts";
import type { Route } from "./route.ts";

/** The next route is tried as well when one has not led anywhere for so long (RFC 8305 recommends 250 ms). */
export const ROUTE_PATIENCE_MS = 250 * MS;

/** A connection, and by which route it was made. */
export interface Dialed {
  readonly link: Link;
  readonly route: Route;
}

/**
 * Connects by the first of some routes that leads to `target`: the next one is tried when one has failed, and as well when
 * one takes long. What comes too late is closed. Throws one error with what happened on every route.
 */
export async function dialRoutes(
  target: string,
  routes: readonly Route[],
  dial: (route: Route, signal: AbortSignal) => Promise<Link>,
  signal?: AbortSignal,
): Promise<Dialed> {
  if (routes.length === 0) throw unreachable(target, [], "it has no address that may be used");
  const controller = new AbortController();
  const failures: { readonly route: Route; readonly error: CellError }[] = [];
  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  let isOver = false;
  try {
    return await firstReached(routes, async (route) => {
      try {
        const link = await dial(route, controller.signal);
        if (!isOver) {
          isOver = true;
          return { link, route };
        }
        link.destroy();
        throw new CellError("CANCELLED", "another route was faster");
      } catch (error) {
        failures.push({ route, error: toCellError(error) });
        throw error;
      }
    }, () => ROUTE_PATIENCE_MS);
  } catch {
    throw unreachable(target, failures.map(({ error }) => error), failures.map(describe).join("; "));
  } finally {
    isOver = true;
    controller.abort();
    signal?.removeEventListener("abort", onAbort);
  }
}

function describe({ route, error }: { route: Route; error: CellError }): string {
  return `by ${route.transport}: ${error.message}`;
}

/** One that says who is not believed is worth more than those that say that nobody answered. */
function unreachable(target: string, errors: readonly CellError[], why: string): CellError {
  const telling = errors.find(({ code }) => code === "UNAUTHENTICATED") ?? errors[0];
  return new CellError(telling?.code ?? "UNAVAILABLE", `connecting to ${target}: ${why}`, {
    data: { started: false },
    cause: telling,
  });
}
