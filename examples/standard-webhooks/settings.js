// What a route sets for this adapter.
//
// Invariant: what `settings` gives is valid; nothing checks it again.

import { get } from "hookswitch:plugin/settings@0.1.0";

/** What a setting has to look like, and what it is where a route doesn't set it. */
const FORMS = {
  provider: { form: /^[a-z0-9_-]{1,40}$/, unset: "webhooks" },
  tolerance: { form: /^[1-9][0-9]{0,8}(ms|s|m|h|d)$/, unset: "5m" },
  prefix: { form: /^[a-z0-9-]{1,40}$/, unset: "webhook" },
};

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Every reason to refuse the route. */
export function configure() {
  const written = JSON.parse(get());
  return Object.entries(written)
    .filter(([name, value]) => !(typeof value === "string" && FORMS[name]?.form.test(value)))
    .map(([name]) => ({ code: `${name}_invalid`, detail: `${name} doesn't have its form` }));
}

/** The settings, as they are used. */
export function settings() {
  const written = JSON.parse(get());
  const { provider, tolerance, prefix } = Object.fromEntries(
    Object.entries(FORMS).map(([name, { unset }]) => [name, written[name] ?? unset]),
  );
  const [, number, unit] = /^([0-9]+)([a-z]+)$/.exec(tolerance);
  return { provider, toleranceMs: Number(number) * UNITS_MS[unit], prefix };
}
