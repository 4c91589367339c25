import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { MethodGate } from "./method_gate.ts";

function gateWithLog(maxConcurrency: number, queuedCallsMax: number) {
  const ran: string[] = [];
  const gate = new MethodGate("slow", maxConcurrency, queuedCallsMax);
  const call = (name: string) => ({ run: () => void ran.push(name) });
  return { gate, ran, call };
}

test("calls beyond the limit run in order of arrival as others leave", () => {
  const { gate, ran, call } = gateWithLog(2, 10);
  for (const name of ["a", "b", "c", "d"]) gate.enter(call(name));
  expect(ran).toEqual(["a", "b"]);
  gate.leave();
  expect(ran).toEqual(["a", "b", "c"]);
  gate.leave();
  gate.leave();
  gate.leave();
  gate.enter(call("e"));
  gate.enter(call("f"));
  gate.enter(call("g"));
  expect(ran).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("a call that is withdrawn while it waits makes room and never runs", () => {
  const { gate, ran, call } = gateWithLog(1, 1);
  gate.enter(call("a"));
  const waiting = call("b");
  gate.enter(waiting);
  expect(gate.withdraw(waiting)).toBe(true);
  expect(gate.withdraw(waiting)).toBe(false);
  gate.enter(call("c"));
  gate.leave();
  expect(ran).toEqual(["a", "c"]);
});

test("a full queue refuses in a way that may be retried", () => {
  const { gate, call } = gateWithLog(1, 1);
  gate.enter(call("a"));
  gate.enter(call("b"));
  try {
    gate.enter(call("c"));
    throw new Error("it was taken");
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true, data: { started: false } });
  }
});

test("calls that end at once are let in one after the other, not inside each other", () => {
  const ran: number[] = [];
  const gate = new MethodGate("quick", 1, 1000);
  let depth = 0;
  let deepest = 0;
  const quick = (index: number) => ({
    run: () => {
      deepest = Math.max(deepest, ++depth);
      ran.push(index);
      gate.leave();
      depth--;
    },
  });
  gate.enter({ run: () => {} });
  for (let index = 0; index < 1000; index++) gate.enter(quick(index));
  gate.leave();
  expect(ran).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  expect(deepest).toBe(1);
  gate.enter(quick(1000));
  expect(ran.length).toBe(1001);
});
