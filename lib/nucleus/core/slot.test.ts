import { expect, test } from "bun:test";
import { DEFAULTS } from "./options.ts";
import { Slot } from "./slot.ts";
import { Turn } from "./turn.ts";

test("what a process has answered is counted from its own beginning, when the one before ended while it was compared", () => {
  const slot = new Slot({ service: "hello", number: 1 }, 1, 0);
  const begin = (pid: number) => {
    slot.spawn(0);
    slot.begin(pid, 0);
    slot.serve("", 0);
  };
  begin(100);
  slot.onPingAnswered({ calls: 1000, errors: 10 }, 0);
  slot.observe();
  slot.onPingAnswered({ calls: 1005, errors: 11 }, 0);
  expect(slot.observed()).toEqual({ calls: 5, errors: 1 });
  slot.fail("exited with code 1", new Turn(0, DEFAULTS, () => 0));
  begin(101);
  slot.onPingAnswered({ calls: 7, errors: 2 }, 0);
  expect(slot.observed()).toEqual({ calls: 7, errors: 2 });
});
