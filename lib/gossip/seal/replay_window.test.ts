import { expect, test } from "bun:test";
import { seededRandom } from "../../base/mod.ts";
import { REPLAY_WINDOW, ReplayWindow } from "./replay_window.ts";

test("each number is accepted once, in any order within the window", () => {
  const window = new ReplayWindow();
  const random = seededRandom(1);
  const numbers = Array.from({ length: REPLAY_WINDOW }, (_, index) => index + 1);
  const shuffled = numbers.map((number) => ({ number, at: random() })).sort((left, right) => left.at - right.at);
  for (const { number } of shuffled) expect(window.accept(number), `${number}`).toBe(true);
  for (const number of numbers) expect(window.accept(number), `${number} again`).toBe(false);
});

test("the oldest number of the window is still told apart, the one before it is refused unseen", () => {
  const window = new ReplayWindow();
  expect(window.accept(5000)).toBe(true);
  expect(window.accept(5000 - REPLAY_WINDOW + 1)).toBe(true);
  expect(window.accept(5000 - REPLAY_WINDOW + 1)).toBe(false);
  expect(window.accept(5000 - REPLAY_WINDOW)).toBe(false);
});

test("zero and what is below are no sequence numbers", () => {
  const window = new ReplayWindow();
  expect(window.accept(0)).toBe(false);
  expect(window.accept(-1)).toBe(false);
});

test("after a jump over the whole window nothing of before is taken for seen", () => {
  const window = new ReplayWindow();
  for (let sequence = 1; sequence <= 2000; sequence++) window.accept(sequence);
  const far = 2 ** 48 - 1;
  expect(window.accept(far)).toBe(true);
  for (let back = 1; back < REPLAY_WINDOW; back++) expect(window.accept(far - back), `${back} back`).toBe(true);
  expect(window.accept(2000)).toBe(false);
});

test("it agrees with a set of all numbers seen, over random walks with gaps, repeats and steps back", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const window = new ReplayWindow();
    const seen = new Set<number>();
    let newest = 0;
    for (let step = 0; step < 5000; step++) {
      const sequence = Math.max(1, newest + Math.floor(random() * 60) - 40 + (random() < 0.01 ? 700 : 0));
      const isNew = !seen.has(sequence) && sequence + REPLAY_WINDOW > newest;
      expect(window.accept(sequence), `seed ${seed}, step ${step}, number ${sequence}, newest ${newest}`).toBe(isNew);
      seen.add(sequence);
      newest = Math.max(newest, sequence);
    }
  }
});
