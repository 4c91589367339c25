import { expect, test } from "bun:test";
import { MINUTE } from "../../base/mod.ts";
import { networkCondition, type NetworkFacts } from "./network_condition.ts";

const ALONE: NetworkFacts = {
  knownAs: undefined,
  name: "pi",
  skew: undefined,
  failure: undefined,
  memory: { network: false, departure: "" },
};

test("a machine that was never among others has nothing to say of a network", () => {
  expect(networkCondition(ALONE)).toEqual({ state: "off", problem: null, warning: null });
});

test("a network that should be on and is not says why and how it is tried again", () => {
  const memory = { network: true, departure: "" } as const;
  expect(networkCondition({ ...ALONE, memory }).state).toBe("starting");
  expect(networkCondition({ ...ALONE, memory: undefined }).state).toBe("starting");
  const { state, problem } = networkCondition({ ...ALONE, failure: "listening at 10.9.9.9: no such address." });
  expect(state).toBe("failed");
  expect(problem).toContain("10.9.9.9: no such address. To try again when that is put right: cell restart nucleus");
});

test("a node that has left and one that was removed say so, and what makes it a member again", () => {
  const after = (departure: "left" | "removed") =>
    networkCondition({ ...ALONE, memory: { network: false, departure } });
  expect(after("left")).toMatchObject({
    state: "left",
    problem: expect.stringMatching(/left its cluster.* cell join$/),
  });
  expect(after("removed")).toMatchObject({ state: "removed", problem: expect.stringContaining("cell join TOKEN") });
});

test("a node that node.toml calls otherwise than the others do is told which name holds", () => {
  expect(networkCondition({ ...ALONE, knownAs: "pi" })).toEqual({ state: "on", problem: null, warning: null });
  const { state, problem, warning } = networkCondition({ ...ALONE, knownAs: "third" });
  expect([state, problem]).toEqual(["on", null]);
  expect(warning).toContain('Write id = "third" there');
});

test("a node that others do not hear for its clock is told by how much it differs, from whose, and what to do", () => {
  const skew = { name: "one", from: "192.0.2.7:9044", aheadMs: -40 * MINUTE };
  const { state, problem, warning } = networkCondition({ ...ALONE, knownAs: "third", skew });
  expect([state, problem]).toEqual(["on", null]);
  expect(warning).toStartWith("the clock of this node is about 40 min ahead of that of node one at 192.0.2.7:9044");
  expect(warning).toContain("they do not hear each other. Compare date -u on both, and set the clock that is wrong");
  const other = networkCondition({ ...ALONE, knownAs: "pi", skew: { ...skew, aheadMs: 11 * MINUTE } });
  expect(other.warning).toStartWith("the clock of this node is about 11 min behind");
});
