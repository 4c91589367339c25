import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import type { Progress } from "./client/mod.ts";
import { Followers, FOLLOWERS_MAX, NEWS_MAX, type Standing } from "./followers.ts";

const progress = (message: string): Progress => ({ phase: "starting", up: 0, wanted: 2, message });

function standing(): { now: Standing } {
  return { now: { progress: { phase: "starting", up: 0, wanted: 2 }, isSettled: false, failure: undefined } };
}

test("a follower hears what happens in order, until the service has settled", async () => {
  const followers = new Followers();
  const state = standing();
  const stream = followers.follow("hello", () => state.now);
  expect(await stream.next()).toEqual({ value: progress(""), done: false });
  const second = stream.next();
  followers.tell("other", progress("not yours"));
  followers.tell("hello", progress("hello@1 is up"));
  followers.tell("hello", progress("hello@2 is up"));
  expect((await second).value).toEqual(progress("hello@1 is up"));
  expect((await stream.next()).value).toEqual(progress("hello@2 is up"));
  const last = stream.next();
  state.now = { progress: { phase: "settled", up: 2, wanted: 2 }, isSettled: true, failure: undefined };
  followers.wake();
  expect((await last).value).toEqual({ phase: "settled", up: 2, wanted: 2, message: "" });
  expect(await stream.next()).toEqual({ value: undefined, done: true });
});

test("a failure ends the stream with the error, after the news that led to it", async () => {
  const followers = new Followers();
  const state = standing();
  const stream = followers.follow("hello", () => state.now);
  await stream.next();
  followers.tell("hello", progress("hello@1: exited with code 1"));
  const error = new CellError("ABORTED", "hello: rolled back");
  state.now = { ...state.now, failure: () => error };
  expect((await stream.next()).value).toEqual(progress("hello@1: exited with code 1"));
  await expect(stream.next()).rejects.toBe(error);
});

test("one that does not read keeps a bounded number of news, the newest", async () => {
  const followers = new Followers();
  const state = standing();
  const stream = followers.follow("hello", () => state.now);
  await stream.next();
  for (let count = 0; count < NEWS_MAX + 10; count++) followers.tell("hello", progress(String(count)));
  expect((await stream.next()).value).toEqual(progress("10"));
  await stream.return();
});

test("followers are bounded, and one that leaves makes room", async () => {
  const followers = new Followers();
  const state = standing();
  const streams = Array.from({ length: FOLLOWERS_MAX }, () => followers.follow("hello", () => state.now));
  for (const stream of streams) await stream.next();
  const late = followers.follow("hello", () => state.now);
  await expect(late.next()).rejects.toThrow(`${FOLLOWERS_MAX} callers follow`);
  await streams[0]!.return();
  const next = followers.follow("hello", () => state.now);
  expect((await next.next()).done).toBe(false);
});
