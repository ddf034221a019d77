import { describe, expect, it } from "vitest";
import { creationOptions, credentialJson, requestOptions, toBytes, toText } from "../../api/passkey";
import { ko } from "../../text/ko";
import { deviceName, inviteCode, namedAddress, ssoWord } from "./parts";

describe("passkeys", () => {
  it("carry bytes as base64url, both ways", () => {
    const bytes = Uint8Array.from([0, 255, 62, 63, 251, 239]);
    expect(toText(bytes)).toBe("AP8-P_vv");
    expect([...toBytes(toText(bytes))]).toEqual([...bytes]);
    expect(toText(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toBe("AgM");
  });
  it("become what the browser takes", () => {
    const made = creationOptions({
      challenge: "AQI",
      user: { id: "AwQ", name: "controller", displayName: "관제07" },
      rp: { id: "localhost", name: "Ansimnet" },
      excludeCredentials: [{ type: "public-key", id: "BQ" }],
    });
    expect([...new Uint8Array(made.challenge as ArrayBuffer)]).toEqual([1, 2]);
    expect(made.excludeCredentials?.length).toBe(1);
    expect(made.rp.id).toBe("localhost");
    expect(requestOptions({ challenge: "AQI" }).allowCredentials).toEqual([]);
  });
  it("and back what the server takes", () => {
    const bytes = new Uint8Array([1, 2]).buffer;
    const json = credentialJson({
      id: "AQI",
      rawId: bytes,
      type: "public-key",
      response: { clientDataJSON: bytes, signature: bytes, userHandle: null } as unknown as AuthenticatorResponse,
    });
    expect(json.response).toEqual({ clientDataJSON: "AQI", signature: "AQI" });
  });
});

describe("the door", () => {
  it("reads an invitation's code out of the address, and nothing else", () => {
    expect(inviteCode("#invite=ABCD-EFGH-JKMN-PQRS")).toBe("ABCD-EFGH-JKMN-PQRS");
    expect([inviteCode("#/incidents/1"), inviteCode("#invite=<b>"), inviteCode("")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  it("says why the city's sign-on sent somebody back", () => {
    expect(ssoWord("", ko.signIn)).toBeUndefined();
    expect(ssoWord("?sso=second-factor-needed", ko.signIn)).toBe(ko.signIn.ssoFactor);
    expect(ssoWord("?sso=anything", ko.signIn)).toBe(ko.signIn.ssoRefused);
  });
  it("points from a number to the name of the same machine", () => {
    expect(namedAddress({ hostname: "127.0.0.1", port: "8700", protocol: "http:" })).toBe("http://localhost:8700/");
    expect(namedAddress({ hostname: "localhost", port: "8700", protocol: "http:" })).toBeUndefined();
  });
  it("names a device as its owner would", () =>
    expect(["X11; Linux x86_64", "Macintosh; Intel", "toaster"].map(deviceName)).toEqual(["Linux", "Mac", ""]));
});
