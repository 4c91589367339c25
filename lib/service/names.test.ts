import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { assertServiceName, assertUserServiceName, serviceNameOf } from "./names.ts";

const RULE = "1 to 63 lower-case letters, digits and hyphens, starts with a letter and does not end in a hyphen";

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    expect((error as CellError).code).toBe("INVALID_ARGUMENT");
    return (error as CellError).message;
  }
  throw new Error("expected an error");
}

test.each([
  ["hello.ts", "hello"],
  ["/srv/my-service.ts", "my-service"],
  ["userAccounts.ts", "user-accounts"],
  ["HTTPServer.ts", "http-server"],
  ["snake_case_file.mts", "snake-case-file"],
  ["v2Api.tsx", "v2-api"],
  ["/srv/orders/index.ts", "orders"],
  ["/srv/orders/main.ts", "orders"],
  ["/srv/userOrders/mod.ts", "user-orders"],
])("the service of %s is named %s", (file, name) => {
  expect(serviceNameOf(file)).toBe(name);
});

test("a file without a valid name is refused with the rule and a name that works", () => {
  const message = messageOf(() => serviceNameOf("/srv/My Service (1).ts"));
  expect(message).toContain(RULE);
  expect(message).toContain("--name my-service-1");
  expect(messageOf(() => serviceNameOf("42.ts"))).toContain("Choose one with --name");
});

test.each(["a", "hello", "a1", "x-y-z", "a--b", "a".repeat(63)])("%s is a valid name", (name) => {
  expect(() => assertServiceName(name)).not.toThrow();
});

test.each(["", "Hello", "1st", "-a", "a-", "a_b", "a.b", "../x", "a/b", "a b", "é", "a\n", "a".repeat(64)])(
  "%j is refused with the rule",
  (name) => expect(messageOf(() => assertServiceName(name))).toContain(RULE),
);

test("a refused name comes with a valid one like it", () => {
  expect(messageOf(() => assertServiceName("My Café"))).toContain("Try my-cafe");
  expect(messageOf(() => assertServiceName("a".repeat(64)))).toEndWith(`Try ${"a".repeat(63)}`);
  expect(messageOf(() => assertServiceName("…"))).not.toContain("Try");
});

test("an error about an endless name is short", () => {
  expect(messageOf(() => assertServiceName("x".repeat(1_000_000))).length).toBeLessThan(500);
});

test("the node agent's name can be called, but nobody else serves under it", () => {
  assertServiceName("nucleus");
  assertUserServiceName("nucleus2");
  const refused = "serving nucleus: the node agent has this name. Choose another one with --name.";
  expect(messageOf(() => assertUserServiceName("nucleus"))).toBe(refused);
  expect(messageOf(() => serviceNameOf("/srv/nucleus.ts"))).toBe(refused);
  expect(messageOf(() => serviceNameOf("/srv/nucleus/main.ts"))).toBe(refused);
  expect(messageOf(() => assertUserServiceName("No"))).toContain(RULE);
});
