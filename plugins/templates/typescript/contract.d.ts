// What of wit/plugin.wit a plugin uses most, as it looks here: a `u64` is a number, an option a value
// or `undefined`, and what is thrown the error of a `result`. Add what else you need of it.

declare module "hookswitch:plugin/settings@0.1.0" {
  const settings: {
    /** A JSON object. */
    get(): string;
  };
  export default settings;
}

declare module "hookswitch:plugin/crypto@0.1.0" {
  type KeyForm = "utf8" | "utf8-without-whsec" | "base64" | "base64-without-whsec" | "hex";
  type Mac = "hmac-sha1" | "hmac-sha256" | "hmac-sha512";
  const crypto: {
    /** The name of the version of the secret that matched. */
    verifyMac(
      secret: string, form: KeyForm, algorithm: Mac, message: Uint8Array, tag: Uint8Array,
    ): string | undefined;
  };
  export default crypto;
}

declare module "hookswitch:plugin/text@0.1.0" {
  const text: {
    decodeUtf8(data: Uint8Array): string | undefined;
    encodeUtf8(text: string): Uint8Array;
    decodeHex(text: string): Uint8Array | undefined;
    decodeBase64(text: string): Uint8Array | undefined;
    encodeBase64(data: Uint8Array): string;
  };
  export default text;
}

interface Header { name: string; value: string }
interface Head {
  id: string;
  method: string;
  url: string;
  params: [string, string][];
  headers: Header[];
  peer: string;
  receivedAtMs: number;
}
interface Callback { head: Head; body: Uint8Array }
interface Reply { status: number; headers: Header[]; body: Uint8Array }
interface Reason { code: string; detail: string }
interface Proof { matched?: string; replayKey?: string }
type Verdict =
  | { tag: "genuine"; val: Proof }
  | { tag: "challenge"; val: string }
  | { tag: "forged" | "unavailable"; val: Reason };
interface PluginEvent {
  id: string;
  aliases: string[];
  kind: string;
  subject?: string;
  rank?: number;
  occurredAtMs?: number;
  data?: string;
}
/** `data` is JSON. */
interface PluginRequest { id: string; kind: string; data: string }
type Content =
  | { tag: "notification"; val: PluginEvent[] }
  | { tag: "request"; val: PluginRequest };
/** `data` is JSON. */
interface Answer { data: string }
interface Decline {
  status: "invalid" | "not-found" | "unprocessable" | "unavailable";
  reason: string;
  customerReason?: string;
}
type Outcome =
  | { tag: "accepted" | "duplicate" }
  | { tag: "challenged"; val: string }
  | { tag: "answered"; val: Answer }
  | { tag: "declined"; val: Decline }
  | { tag: "forged" | "malformed" | "not-found" | "unavailable"; val: Reason };
interface Context {
  nowMs: number;
  route: string;
  attempt: number;
  deadlineMs: number;
  idempotencyKey: string;
}
interface Setting { name: string; required: boolean; about: string }
interface Manifest {
  provider: string;
  settings: Setting[];
  secrets: Setting[];
  answers: string[];
  events: string[];
}
interface Protocol {
  describe(): Manifest;
  configure(): Reason[];
  verify(call: Callback): Verdict;
  parse(call: Callback): Content;
  respond(head: Head, outcome: Outcome): Reply;
}
interface Answering { compute(request: PluginRequest, context: Context): Answer }
