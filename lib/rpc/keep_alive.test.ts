import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { KeepAlive } from "./keep_alive.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

class Owner {
  isBusy = true;
  pings = 0;
  silentMs: number | undefined;
  sendPing(): void {
    this.pings++;
  }
  onSilence(silentMs: number): void {
    this.silentMs = silentMs;
  }
}

function start(): { owner: Owner; keepAlive: KeepAlive } {
  const owner = new Owner();
  const keepAlive = new KeepAlive(owner, { intervalMs: 100, timeoutMs: 200 });
  keepAlive.onCall();
  return { owner, keepAlive };
}

test("a peer that is silent during a call is pinged, then given up", () => {
  const { owner } = start();
  jest.advanceTimersByTime(99);
  expect(owner.pings).toBe(0);
  jest.advanceTimersByTime(1);
  expect(owner.pings).toBe(1);
  jest.advanceTimersByTime(199);
  expect(owner.silentMs).toBeUndefined();
  jest.advanceTimersByTime(1);
  expect([owner.pings, owner.silentMs]).toEqual([1, 300]);
});

test("any frame is a sign of life, before the ping and after it", () => {
  const { owner, keepAlive } = start();
  jest.advanceTimersByTime(90);
  keepAlive.onFrame();
  jest.advanceTimersByTime(10);
  expect(owner.pings).toBe(0);
  jest.advanceTimersByTime(100);
  expect(owner.pings).toBe(1);
  keepAlive.onFrame();
  jest.advanceTimersByTime(200);
  expect([owner.pings, owner.silentMs]).toEqual([1, undefined]);
});

test("a peer that is said to be gone is asked at once, and given up sooner", () => {
  const { owner, keepAlive } = start();
  keepAlive.doubt(50);
  expect(owner.pings).toBe(1);
  jest.advanceTimersByTime(49);
  expect(owner.silentMs).toBeUndefined();
  jest.advanceTimersByTime(1);
  expect([owner.pings, owner.silentMs]).toEqual([1, 50]);
});

test("a peer that is said to be gone again and again is given up no later, and asked again once it has answered", () => {
  const { owner, keepAlive } = start();
  keepAlive.doubt(50);
  jest.advanceTimersByTime(40);
  keepAlive.onFrame();
  keepAlive.doubt(50);
  jest.advanceTimersByTime(40);
  keepAlive.doubt(50);
  expect([owner.pings, owner.silentMs]).toEqual([2, undefined]);
  jest.advanceTimersByTime(10);
  expect([owner.pings, owner.silentMs]).toEqual([2, 50]);
});

test("a peer that answers although it is said to be gone is kept, and asked as seldom as before", () => {
  const { owner, keepAlive } = start();
  keepAlive.doubt(50);
  keepAlive.onFrame();
  jest.advanceTimersByTime(50);
  expect(owner.silentMs).toBeUndefined();
  jest.advanceTimersByTime(99);
  expect(owner.pings).toBe(1);
  jest.advanceTimersByTime(1);
  expect(owner.pings).toBe(2);
});

test("a peer that is said to be gone while there are no calls is asked when one is made", () => {
  const { owner, keepAlive } = start();
  owner.isBusy = false;
  keepAlive.doubt(50);
  jest.advanceTimersByTime(1000);
  expect([owner.pings, jest.getTimerCount()]).toEqual([0, 0]);
  owner.isBusy = true;
  for (let calls = 0; calls < 3; calls++) keepAlive.onCall();
  jest.advanceTimersByTime(49);
  expect([owner.pings, owner.silentMs]).toEqual([1, undefined]);
  jest.advanceTimersByTime(1);
  expect([owner.pings, owner.silentMs]).toEqual([1, 50]);
});

test("a peer that was said to be gone is not asked when it has been heard since, or is said to be back", () => {
  for (const isHeard of [true, false]) {
    const { owner, keepAlive } = start();
    owner.isBusy = false;
    keepAlive.doubt(50);
    if (isHeard) keepAlive.onFrame();
    else keepAlive.believe();
    owner.isBusy = true;
    keepAlive.onCall();
    jest.advanceTimersByTime(99);
    expect([owner.pings, owner.silentMs]).toEqual([0, undefined]);
    keepAlive.stop();
  }
});

test("calls that end before a peer is given up that is said to be gone leave the question to the next one", () => {
  const { owner, keepAlive } = start();
  keepAlive.doubt(50);
  owner.isBusy = false;
  jest.advanceTimersByTime(50);
  expect([owner.pings, owner.silentMs]).toEqual([1, undefined]);
  owner.isBusy = true;
  keepAlive.onCall();
  jest.advanceTimersByTime(50);
  expect([owner.pings, owner.silentMs]).toEqual([2, 50]);
});

test("without calls there is neither ping nor timer", () => {
  const { owner, keepAlive } = start();
  owner.isBusy = false;
  jest.advanceTimersByTime(100);
  expect([owner.pings, jest.getTimerCount()]).toEqual([0, 0]);
  owner.isBusy = true;
  keepAlive.onCall();
  expect(jest.getTimerCount()).toBe(1);
  keepAlive.stop();
  expect(jest.getTimerCount()).toBe(0);
});
