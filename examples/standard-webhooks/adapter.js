// An adapter for the Standard Webhooks scheme (https://www.standardwebhooks.com): whoever sends by
// it, the route's settings say what its events are called.
//
// Invariant: nothing is genuine but what a version of the secret signed, id, time and body.

import { configure, settings } from "./settings.js";
import { kinds, simulate } from "./simulate.js";
import { facts, verify } from "./verify.js";
import { parse } from "./parse.js";

const describe = () => ({
  provider: "standard-webhooks",
  settings: [
    {
      name: "provider",
      required: false,
      about: "the first word of its events' kinds: a to z, 0 to 9, _ and -, default webhooks",
    },
    {
      name: "tolerance",
      required: false,
      about: "how far the signed time may be from ours, either way: 300s, 5m; default 5m",
    },
    {
      name: "prefix",
      required: false,
      about: "what the three headers begin with: default webhook, and svix where it is Svix",
    },
  ],
  secrets: [
    {
      name: "signing-secret",
      required: true,
      about: "the endpoint's secret, whsec_ and base64; a list while it is rotated",
    },
  ],
  answers: [],
  events: ["*"],
});

/** Words an outcome. The sender reads the code of a reason, never its detail. */
function respond(_head, { tag, val }) {
  const reply = (status, body) => ({
    status,
    headers: [{ name: "content-type", value: "application/json" }],
    body: Array.from(JSON.stringify(body), (character) => character.charCodeAt(0)),
  });
  const refused = { forged: 401, malformed: 400, "not-found": 404, unavailable: 503 };
  if (tag === "accepted" || tag === "duplicate") return reply(200, { received: true });
  if (tag in refused) return reply(refused[tag], { error: val.code });
  throw { code: "only_notifies", detail: "this scheme only notifies: there is nothing to answer" };
}

export const protocol = {
  describe,
  configure,
  verify: (call) => verify(call, settings()),
  parse: (call) => parse(call, settings()),
  respond,
};

export const simulating = { kinds, simulate };

export const explaining = { explain: (call) => facts(call, settings()) };
