import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { TemporaryHome } from "../logs/testing/temporary_home.ts";
import { FOLLOWERS_OF_LOGS_MAX, logLines } from "./remote_logs.ts";

const line = (second: number, text: string) => `2026-11-21T12:00:0${second}.000Z o ${text}\n`;

function withLogs(place: TemporaryHome): void {
  mkdirSync(`${place.path}/logs`, { mode: 0o700 });
  writeFileSync(place.log("hello@1.log"), line(1, "one") + line(3, "three"));
  writeFileSync(place.log("hello@2.log"), line(2, "two"));
}

const texts = async (lines: AsyncIterable<{ text: string }>): Promise<string[]> =>
  (await Array.fromAsync(lines)).map(({ text }) => text);

function refusal(query: Partial<Parameters<typeof logLines>[0]>): unknown {
  try {
    return logLines({ service: "hello", last: 10, follow: false, ...query });
  } catch (error) {
    return error;
  }
}

test("the last lines of all instances, of one, and since a time", async () => {
  using place = new TemporaryHome();
  withLogs(place);
  const query = { service: "hello", last: 10, follow: false };
  expect(await texts(logLines(query))).toEqual(["one", "two", "three"]);
  expect(await texts(logLines({ ...query, last: 1 }))).toEqual(["three"]);
  expect(await texts(logLines({ ...query, instance: 2 }))).toEqual(["two"]);
  expect(await texts(logLines({ ...query, since: new Date("2026-11-21T12:00:02.000Z") }))).toEqual(["two", "three"]);
});

test("what is not logged here, or cannot be asked, is an error that says what is", () => {
  using place = new TemporaryHome();
  withLogs(place);
  expect(refusal({ service: "helo" })).toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("Did you mean hello?"),
  });
  expect(refusal({ instance: 3 })).toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("There are logs of hello@1, hello@2"),
  });
  for (const query of [{ service: "../x" }, { last: -1 }, { last: 1e9 }, { last: 0.5 }, { instance: 0 }]) {
    expect(refusal(query), JSON.stringify(query)).toMatchObject({ code: "INVALID_ARGUMENT" });
  }
});

test("a follower gets what is written later, and ends with its signal also while nothing is written", async () => {
  using place = new TemporaryHome();
  withLogs(place);
  const controller = new AbortController();
  const lines = logLines({ service: "hello", last: 1, follow: true }, controller.signal);
  expect((await lines.next()).value).toMatchObject({ instance: "hello@1", text: "three", stream: "stdout" });
  const next = lines.next();
  appendFileSync(place.log("hello@2.log"), line(4, "four"));
  expect((await next).value).toMatchObject({ instance: "hello@2", text: "four" });
  const silent = lines.next();
  controller.abort();
  expect(await silent).toEqual({ done: true, value: undefined });
});

test("more followers than there is room for are refused, and there is room again when one has ended", async () => {
  using place = new TemporaryHome();
  withLogs(place);
  const controller = new AbortController();
  const follow = () => logLines({ service: "hello", last: 1, follow: true }, controller.signal);
  const followers = Array.from({ length: FOLLOWERS_OF_LOGS_MAX }, follow);
  await Promise.all(followers.map((follower) => follower.next()));
  expect(await follow().next().catch((error: unknown) => error)).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  await followers[0]!.return();
  const late = follow();
  expect((await late.next()).value).toMatchObject({ text: "three" });
  controller.abort();
  for (const follower of [...followers, late]) await follower.return();
});
