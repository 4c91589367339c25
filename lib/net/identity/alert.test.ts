import { expect, test } from "bun:test";
import { alertError, alertOfErrorCode } from "./alert.ts";

test("an alert is told in words, with its name and what to do", () => {
  expect(alertError(116, "192.0.2.7:9043")!.message).toBe(
    "connecting to 192.0.2.7:9043: this side showed no certificate and the other one asks for it: this machine has not joined " +
      "its cluster, or has no certificate at the moment. On this machine, run cell join again with a new token (cell token " +
      "create on a machine of the cluster). (certificate_required, TLS alert 116)",
  );
  expect(alertError(45, "x")!.message).toContain("certificate_expired");
  expect(alertError(48, "x")!.message).toContain("unknown_ca");
  expect(alertError(48, "x")!.code).toBe("UNAUTHENTICATED");
});

test("QUIC's codes mean the same as TLS's", () => {
  for (let alert = 0; alert < 256; alert++) {
    expect(alertError(256 + alert, "x")!.message).toBe(alertError(alert, "x")!.message);
  }
});

test("an alert that nobody knows is told by its number", () => {
  expect(alertError(200, "x")!.message).toContain("(TLS alert 200)");
});

test("a code that is no alert has no meaning here", () => {
  for (const code of [-1, 512, 1.5, NaN, Infinity]) expect(alertError(code, "x")).toBeUndefined();
});

test("the alert is found in the codes of node:tls", () => {
  expect(alertOfErrorCode("ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED")).toBe(116);
  expect(alertOfErrorCode("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA")).toBe(48);
  expect(alertOfErrorCode("ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED")).toBe(45);
  for (const code of ["ECONNRESET", "", "ERR_SSL_TLSV1_ALERT_", "ERR_SSL_TLSV1_ALERT_NOVELTY"]) {
    expect(alertOfErrorCode(code)).toBeUndefined();
  }
});
