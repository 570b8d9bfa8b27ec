//! All that can be asked of the admin listener. What stands further up wins where two paths fit, so
//! paths without a parameter stand before those with one.

use super::endpoint::Access::{Credentials, Scope, Scopes};
use super::endpoint::{Endpoint, Row};

const ADMIN_READ: super::endpoint::Access = Scope("admin:read");
const WEBHOOKS_READ: super::endpoint::Access = Scope("webhooks:read");
const WEBHOOKS_WRITE: super::endpoint::Access = Scope("webhooks:write");

const WEBHOOKS: &str = "/api/v1/webhooks";
const WEBHOOK: &str = "/api/v1/webhooks/{id}";
const DELIVERIES: &str = "/api/v1/webhooks/deliveries";

/// The parameters of lists of deliveries.
const DELIVERY_QUERY: &[&str] = &[
    "event_type",
    "status",
    "start_date",
    "end_date",
    "webhook_id",
    "destination",
    "transaction_id",
    "limit",
    "offset",
    "page",
];

/// The parameters of lists of events.
const EVENT_QUERY: &[&str] = &[
    "route",
    "kind",
    "subject",
    "event_status",
    "provider_id",
    "answered_by",
    "fallback",
    "from",
    "to",
    "limit",
    "before",
];

pub(super) const ENDPOINTS: &[Row] = &[
    Row::new("GET", "/healthz", Endpoint::Alive, "Says that the process lives.")
        .gives(200, "Alive"),
    Row::new("GET", "/readyz", Endpoint::Ready, "Says whether callbacks are taken; 503: no.")
        .gives(200, "Ready"),
    Row::new("GET", "/metrics", Endpoint::Metrics, "Counters and gauges, for Prometheus.")
        .gives(200, ""),
    Row::new("GET", "/api/v1/openapi.json", Endpoint::Document, "This document.")
        .gives(200, "Document"),
    Row::new("GET", "/api/v1/generation", Endpoint::Generation, "Which config runs, since when.")
        .needs(ADMIN_READ)
        .gives(200, "Generation"),
    Row::new("GET", "/api/v1/routes", Endpoint::Routes, "All routes, as the config orders them.")
        .needs(ADMIN_READ)
        .gives(200, "Routes"),
    Row::new("GET", "/api/v1/plugins", Endpoint::Plugins, "All plugins in use, and their health.")
        .needs(ADMIN_READ)
        .gives(200, "Plugins"),
    Row::new("POST", "/api/v1/reload", Endpoint::Reload, "Reads the config again, now.")
        .needs(Scope("admin:write"))
        .query(&["allow_differences"])
        .gives(200, "Reload"),
    Row::new("GET", "/api/v1/plan", Endpoint::PlanLast, "What the last reload, or plan, found.")
        .needs(ADMIN_READ)
        .gives(200, "PlanReply"),
    Row::new("POST", "/api/v1/plan", Endpoint::PlanMake, "What a reload would change, now.")
        .needs(Scope("admin:write"))
        .gives(200, "PlanReply"),
    Row::new("POST", "/api/v1/auth/bearer-token", Endpoint::Token, "Makes a token of a key.")
        .needs(Credentials)
        .reads("NewToken")
        .gives(201, "Token"),
    Row::new("POST", WEBHOOKS, Endpoint::WebhookCreate, "Registers a webhook; shows its secret.")
        .needs(WEBHOOKS_WRITE)
        .reads("NewWebhook")
        .gives(201, "CreatedReply"),
    Row::new("GET", WEBHOOKS, Endpoint::WebhookList, "The config's destinations, then webhooks.")
        .needs(WEBHOOKS_READ)
        .query(&["limit", "offset"])
        .gives(200, "WebhooksReply"),
    Row::new("GET", DELIVERIES, Endpoint::DeliveryList, "Deliveries, the newest first.")
        .needs(WEBHOOKS_READ)
        .query(DELIVERY_QUERY)
        .gives(200, "DeliveriesReply"),
    Row::new(
        "POST",
        "/api/v1/webhooks/deliveries/resend",
        Endpoint::DeliveryResendAll,
        "Resends the deliveries that fit, 1000 at most; those that failed unless said otherwise.",
    )
    .needs(WEBHOOKS_WRITE)
    .reads("ResendAll")
    .gives(200, "ResentAllReply"),
    Row::new("GET", "/api/v1/webhooks/activity", Endpoint::Activity, "The newest deliveries.")
        .needs(WEBHOOKS_READ)
        .query(&["activity_limit"])
        .gives(200, "ActivityReply"),
    Row::new("GET", WEBHOOK, Endpoint::WebhookGet, "One webhook, or destination of the config.")
        .needs(WEBHOOKS_READ)
        .gives(200, "WebhookReply"),
    Row::new("PUT", WEBHOOK, Endpoint::WebhookUpdate, "Changes what is given of a webhook.")
        .needs(WEBHOOKS_WRITE)
        .reads("WebhookChange")
        .gives(200, "WebhookReply"),
    Row::new("DELETE", WEBHOOK, Endpoint::WebhookDelete, "Removes a webhook for ever.")
        .needs(WEBHOOKS_WRITE)
        .gives(200, "DeletedReply"),
    Row::new(
        "POST",
        "/api/v1/webhooks/{id}/rotate-secret",
        Endpoint::WebhookRotate,
        "Gives a webhook a new secret; the old one signs nothing from then on.",
    )
    .needs(WEBHOOKS_WRITE)
    .gives(200, "RotatedReply"),
    Row::new("GET", "/api/v1/webhooks/deliveries/{id}", Endpoint::DeliveryGet, "One delivery.")
        .needs(WEBHOOKS_READ)
        .gives(200, "DeliveryReply"),
    Row::new(
        "POST",
        "/api/v1/webhooks/deliveries/{id}/resend",
        Endpoint::DeliveryResend,
        "Puts a delivery back to waiting, due at once.",
    )
    .needs(WEBHOOKS_WRITE)
    .gives(200, "ResentReply"),
    Row::new("GET", "/api/v1/events", Endpoint::EventList, "Events, the newest first.")
        .needs(Scope("events:read"))
        .query(EVENT_QUERY)
        .gives(200, "Events"),
    Row::new(
        "GET",
        "/api/v1/events/{id}",
        Endpoint::EventGet,
        "One event with its callback, its deliveries and their attempts.",
    )
    .needs(Scope("events:read"))
    .gives(200, "EventWhole"),
    Row::new(
        "POST",
        "/api/v1/events/{id}/replay",
        Endpoint::EventReplay,
        "Owes an event once more to everybody who wants it now.",
    )
    .needs(Scope("events:write"))
    .gives(200, "Replayed"),
    Row::new(
        "POST",
        "/api/v1/events/{id}/rehearsal",
        Endpoint::EventRehearse,
        "Sends its callback through today's adapter, as received, and tells what differs.",
    )
    .needs(Scope("events:read"))
    .gives(200, "Rehearsed"),
    Row::new(
        "POST",
        "/api/v1/events/{id}/dry-run",
        Endpoint::EventDryRun,
        "Asks today's responder a recorded request again, without effect, and tells what differs.",
    )
    // A service is called, and the reply shows answers.
    .needs(Scopes(["events:write", "events:read"]))
    .gives(200, "DryRun"),
    Row::new(
        "GET",
        "/api/v1/tail",
        Endpoint::Tail,
        "Log lines from `after` on, as soon as there is one; waits 10 s at most.",
    )
    .needs(Scope("events:read"))
    .query(&["after"])
    .gives(200, "Tail"),
    Row::new("GET", "/api/v1/forged", Endpoint::ForgedList, "Callbacks found forged lately.")
        .needs(Scope("events:read"))
        .gives(200, "Forged"),
    Row::new(
        "GET",
        "/api/v1/explanations/{id}",
        Endpoint::Explanation,
        "Why a callback isn't genuine: a forged one by its id, a recorded one by its event's.",
    )
    .needs(Scope("events:read"))
    .gives(200, "Explanation"),
];
