import { expect, test } from "bun:test";
import { seededRandom } from "../../base/mod.ts";
import {
  ANSWERS_BURST_MAX,
  ANSWERS_PER_QUESTION_MAX,
  KEYS_REFRESH_MS,
  QUESTIONS_KEPT_MAX,
  SEEK_TOKENS_MAX,
  SeekAnswerer,
} from "./seek_answerer.ts";
import { sealingKeyOf, seekKeyOf } from "./seek_key.ts";
import { createQuestion, encodeAnswer, readAnswer, readQuestion, SEEK_ADDRESSES_MAX } from "./seek_message.ts";

const SECRET = new Uint8Array(16).fill(7);
const KEY = seekKeyOf(SECRET);
const ADDRESSES = ["192.0.2.7:9043", "[2001:db8::7]:9043"];

function answerer(seekKeys: readonly Uint8Array[] = [KEY], addresses: readonly string[] = ADDRESSES): SeekAnswerer {
  return new SeekAnswerer({ seekKeys: () => seekKeys, addresses: () => addresses }, 0);
}

test("whoever has the token learns the addresses", () => {
  const key = sealingKeyOf(KEY);
  const { challenge, text } = createQuestion();
  const answer = answerer().answer(key.seal(text), 0)!;
  expect(readAnswer(key.open(answer)!, challenge)).toEqual(ADDRESSES);
});

test("an answer is never longer than its question, and has the addresses that fit", () => {
  const long = Array.from({ length: 12 }, (_, index) => `${"x".repeat(56)}${index}:10000`);
  const many = [`${"y".repeat(80)}:1`, "nothing", ...long];
  const key = sealingKeyOf(KEY);
  const { challenge, text } = createQuestion();
  const question = key.seal(text);
  const answer = answerer([KEY], many).answer(question, 0)!;
  expect(answer.length).toBeLessThanOrEqual(question.length);
  expect(readAnswer(key.open(answer)!, challenge)).toEqual(long.slice(0, SEEK_ADDRESSES_MAX));
});

test("nobody else is answered: another token, no token, a changed question, an answer sent back", () => {
  const key = sealingKeyOf(KEY);
  const answering = answerer();
  const question = key.seal(createQuestion().text);
  expect(answering.answer(sealingKeyOf(seekKeyOf(new Uint8Array(16))).seal(createQuestion().text), 0)).toBeUndefined();
  for (let bit = 0; bit < question.length * 8; bit += 7) {
    const changed = question.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(answering.answer(changed, 0)).toBeUndefined();
  }
  expect(answering.answer(answering.answer(question, 0)!, 0)).toBeUndefined();
  expect(answering.answer(new Uint8Array(0), 0)).toBeUndefined();
  expect(answerer([]).answer(question, 0)).toBeUndefined();
});

test("a token that is not used any more is not answered a second later, and a new one is", () => {
  const tokens = [KEY];
  const answering = answerer(tokens);
  const other = seekKeyOf(new Uint8Array(16));
  const isAnswered = (seekKey: Uint8Array, nowMs: number) =>
    answering.answer(sealingKeyOf(seekKey).seal(createQuestion().text), nowMs) !== undefined;
  expect([isAnswered(KEY, 0), isAnswered(other, 0)]).toEqual([true, false]);
  tokens.splice(0, 1, other);
  expect([isAnswered(KEY, KEYS_REFRESH_MS), isAnswered(other, KEYS_REFRESH_MS)]).toEqual([false, true]);
});

test("100,000 datagrams of garbage cost no question for tokens each", () => {
  let asked = 0;
  const seekKeys = () => (asked++, [KEY]);
  const answering = new SeekAnswerer({ seekKeys, addresses: () => ADDRESSES }, 0);
  const garbage = sealingKeyOf(seekKeyOf(new Uint8Array(16))).seal(createQuestion().text);
  for (let index = 0; index < 100_000; index++) answering.answer(garbage, index / 100);
  expect(asked).toBeLessThanOrEqual(1);
});

test("a recorded question is answered a few times only", () => {
  const question = sealingKeyOf(KEY).seal(createQuestion().text);
  const answering = answerer();
  const answers = Array.from({ length: 10 }, () => answering.answer(question, 0)).filter((answer) =>
    answer !== undefined
  );
  expect(answers).toHaveLength(ANSWERS_PER_QUESTION_MAX);
});

test("answers are bounded at once and per second", () => {
  const key = sealingKeyOf(KEY);
  const answering = answerer();
  const ask = (nowMs: number) =>
    Array.from({ length: 100 }, () => answering.answer(key.seal(createQuestion().text), nowMs)).filter((answer) =>
      answer
    ).length;
  expect([ask(0), ask(1000)]).toEqual([ANSWERS_BURST_MAX, 10]);
});

test("of too many tokens the first ones are tried", () => {
  const keys = Array.from({ length: SEEK_TOKENS_MAX + 1 }, (_, index) => seekKeyOf(new Uint8Array(16).fill(index)));
  const answering = answerer(keys);
  const asks = (index: number) => answering.answer(sealingKeyOf(keys[index]!).seal(createQuestion().text), 0);
  expect([asks(SEEK_TOKENS_MAX - 1) !== undefined, asks(SEEK_TOKENS_MAX)]).toEqual([true, undefined]);
});

test("after very many questions an early one is forgotten, and memory does not grow", () => {
  const key = sealingKeyOf(KEY);
  const answering = answerer();
  const first = key.seal(createQuestion().text);
  for (let index = 0; index < ANSWERS_PER_QUESTION_MAX; index++) answering.answer(first, 0);
  expect(answering.answer(first, 1e6)).toBeUndefined();
  for (let index = 0; index < QUESTIONS_KEPT_MAX; index++) {
    answering.answer(key.seal(createQuestion().text), 1e6 + index * 1000);
  }
  expect(answering.answer(first, 1e9)).toBeDefined();
});

test("an answer to another question, and random bytes, are no answer", () => {
  const [mine, other] = [createQuestion(), createQuestion()];
  expect(readAnswer(encodeAnswer(other.challenge, ADDRESSES), mine.challenge)).toBeUndefined();
  expect(readQuestion(encodeAnswer(mine.challenge, ADDRESSES))).toBeUndefined();
  const random = seededRandom(2);
  const answer = encodeAnswer(mine.challenge, ADDRESSES);
  for (let round = 0; round < 5000; round++) {
    const mutated = answer.slice(0, Math.floor(random() * (answer.length + 1)));
    mutated[Math.floor(random() * mutated.length)] = random() * 256;
    const addresses = readAnswer(mutated, mine.challenge);
    expect(addresses?.every((address) => address.includes(":")) ?? true).toBe(true);
  }
});
