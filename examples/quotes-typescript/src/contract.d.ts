// The parts of plugins/wit/plugin.wit that this responder uses, as TypeScript sees them: a `u64` is a
// BigInt, an option a value or `undefined`, and what is thrown the error of a `result`.

declare module "hookswitch:plugin/settings@0.1.0" {
  /** A JSON object. */
  export function get(): string;
}

declare module "hookswitch:plugin/text@0.1.0" {
  export function encodeUtf8(text: string): Uint8Array;
  export function encodeBase64url(data: Uint8Array): string;
}

declare module "hookswitch:plugin/types@0.1.0" {
  export interface Request {
    id: string;
    kind: string;
    /** JSON. */
    data: string;
  }

  export interface Context {
    nowMs: bigint;
    route: string;
    attempt: number;
    deadlineMs: bigint;
    idempotencyKey: string;
  }

  export interface Answer {
    /** JSON. */
    data: string;
  }

  export interface Decline {
    status: "invalid" | "not-found" | "unprocessable" | "unavailable";
    reason: string;
    customerReason?: string;
  }
}
