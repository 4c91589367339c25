import { expect, test } from "bun:test";
import { TemporaryHome } from "../logs/testing/temporary_home.ts";
import { storeReceived } from "./received_package.ts";

const NAME = "0".repeat(64);

/** A sender that says nothing until it is let go. */
function heldSender(): { archive: AsyncIterable<Uint8Array>; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    archive: (async function* () {
      await promise;
      yield new Uint8Array(0);
    })(),
    release: resolve,
  };
}

test("eight packages are received at once, a ninth is refused as not started, and again taken when there is room", async () => {
  using _ = new TemporaryHome();
  const senders = Array.from({ length: 8 }, heldSender);
  const outcomes = senders.map(({ archive }) => storeReceived(NAME, archive).catch((error: unknown) => error));
  const refused = await storeReceived(NAME, heldSender().archive).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true, data: { started: false } });
  for (const { release } of senders) release();
  for (const outcome of await Promise.all(outcomes)) expect(outcome).toMatchObject({ code: "INVALID_ARGUMENT" });
  const next = heldSender();
  next.release();
  expect(await storeReceived(NAME, next.archive).catch((error: unknown) => error)).toMatchObject({
    code: "INVALID_ARGUMENT",
  });
});
