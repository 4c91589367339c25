import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { finishSchema, type Schema, type Type } from "../schema/mod.ts";
import type { DeployRequest } from "./client/mod.ts";
import { type Code, planDeployment } from "./deployment.ts";
import { settingsAfter } from "./settings.ts";
import type { StoredRelease, StoredService } from "./state/mod.ts";

const schema = (result: Type): Schema =>
  finishSchema({ name: "hello", methods: { greet: { params: [], result } }, types: {} });
const TEXT = schema({ kind: "string" });
const NUMBER = schema({ kind: "number" });

const code = (letter: string, served: Schema): Code => ({
  sha256: letter.repeat(64),
  species: served.species,
  schema: served,
});
const release = (number: number, of: Code, role: StoredRelease["role"] = "active"): StoredRelease => ({
  number,
  package: of.sha256,
  species: of.species,
  env: {},
  role,
  parallel: false,
  observeMs: 0,
  createdAt: new Date(0),
});

const OLD = code("a", TEXT);
const REQUEST: DeployRequest = { service: "hello", package: OLD.sha256, mode: "deploy" };

function stored(releases: StoredRelease[], other: Partial<StoredService> = {}): StoredService {
  const settings = settingsAfter(undefined, { ...REQUEST, replicas: 2 });
  return { name: "hello", ...settings, stopped: false, createdAt: new Date(0), failure: undefined, releases, ...other };
}

const plan = (existing: StoredService | undefined, of: Code, request: Partial<DeployRequest> = {}) =>
  planDeployment(
    existing,
    { ...REQUEST, ...request },
    of,
    (sha256) => Promise.resolve(sha256 === OLD.sha256 ? TEXT : NUMBER),
  );

test("a name that is new is created", async () => {
  expect(await plan(undefined, OLD)).toMatchObject({ action: "created", settings: { replicas: 1 } });
});

test("the same code again is no new release: other settings are taken, and the same ones change nothing", async () => {
  const existing = stored([release(1, OLD)]);
  expect(await plan(existing, OLD)).toMatchObject({ action: "unchanged", release: { number: 1 } });
  expect(await plan(existing, OLD, { replicas: 5 }))
    .toMatchObject({ action: "configured", settings: { replicas: 5 }, release: { number: 1 } });
  expect(await plan(stored([release(1, OLD)], { stopped: true }), OLD)).toMatchObject({ action: "configured" });
});

test("another environment is a new release, since it can be as wrong as other code; none means the one that is there", async () => {
  const existing = stored([{ ...release(1, OLD), env: { A: "b" } }]);
  expect(await plan(existing, OLD, { env: { A: "c" } })).toMatchObject({ action: "swapping", env: { A: "c" } });
  expect(await plan(existing, OLD, { env: {} })).toMatchObject({ action: "swapping", env: {} });
  expect(await plan(existing, OLD, { env: { A: "b" } })).toMatchObject({ action: "unchanged" });
  expect(await plan(existing, OLD)).toMatchObject({ action: "unchanged" });
  expect(await plan(existing, code("b", TEXT))).toMatchObject({ action: "swapping", env: { A: "b" } });
});

test("other code is a new release beside what runs", async () => {
  const existing = stored([release(1, OLD)]);
  expect(await plan(existing, code("b", TEXT), { observeMs: 7 }))
    .toMatchObject({ action: "swapping", parallel: false, observeMs: 7, settings: { replicas: 2 } });
  // A candidate that has not proved itself yet is not what callers were compiled against.
  const deploying = stored([release(1, OLD), release(2, code("b", NUMBER), "candidate")]);
  expect(await plan(deploying, code("c", TEXT))).toMatchObject({ action: "swapping" });
  expect(await plan(deploying, code("b", NUMBER))).toMatchObject({ action: "unchanged", release: { number: 2 } });
});

test("a schema that breaks callers is refused with what it changes, unless both are kept or it is forced", async () => {
  const existing = stored([release(1, OLD)]);
  const broken = code("b", NUMBER);
  const refused = await plan(existing, broken).catch((error: unknown) => error) as CellError;
  expect(refused).toBeInstanceOf(CellError);
  expect(refused.code).toBe("FAILED_PRECONDITION");
  for (const part of ["--parallel", "--force", "release 1 of hello"]) expect(refused.message).toContain(part);
  expect(refused.data).toMatchObject({ changes: [{ compatible: false, path: expect.stringContaining("greet") }] });
  expect(await plan(existing, broken, { parallel: true })).toMatchObject({ action: "swapping", parallel: true });
  expect(await plan(existing, broken, { force: true })).toMatchObject({ action: "swapping", parallel: false });
});

test("what only adds is no break", async () => {
  const more = finishSchema({
    name: "hello",
    methods: { greet: { params: [], result: { kind: "string" } }, bye: { params: [], result: { kind: "string" } } },
    types: {},
  });
  expect(await plan(stored([release(1, OLD)]), code("b", more))).toMatchObject({ action: "swapping" });
});

test("two releases of one species are not kept in parallel: callers could not choose", async () => {
  await expect(plan(stored([release(1, OLD)]), code("b", TEXT), { parallel: true })).rejects.toThrow("same species");
});
