//! What can be asked of the admin listener, and of whom: one row for each method of each path, with
//! what the API's document says of it. Whatever has a scope can't be reached without a key.

use std::borrow::Cow;

use hyper::Method;
use percent_encoding::percent_decode_str;

use super::table::ENDPOINTS;

/// One thing to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Alive,
    Ready,
    Metrics,
    Document,
    Generation,
    Routes,
    Plugins,
    Reload,
    PlanLast,
    PlanMake,
    Token,
    WebhookCreate,
    WebhookList,
    WebhookGet,
    WebhookUpdate,
    WebhookDelete,
    WebhookRotate,
    DeliveryList,
    DeliveryResendAll,
    DeliveryGet,
    DeliveryResend,
    Activity,
    EventList,
    EventGet,
    EventReplay,
    EventRehearse,
    EventDryRun,
    Tail,
    ForgedList,
    Explanation,
}

/// What a call must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing.
    Open,
    /// Any key, or a refresh token: both are good for a new token.
    Credentials,
    /// A key, or a token, with this scope.
    Scope(&'static str),
    /// The same with both of these.
    Scopes([&'static str; 2]),
}

impl Access {
    /// The scopes that are needed, all of them.
    pub(super) fn scopes(&self) -> &[&'static str] {
        match self {
            Access::Open | Access::Credentials => &[],
            Access::Scope(scope) => std::slice::from_ref(scope),
            Access::Scopes(both) => both,
        }
    }
}

/// One method of one path. A parameter of a path is a whole part of it, `{id}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) endpoint: Endpoint,
    pub(super) access: Access,
    /// One sentence, for the document.
    pub(super) summary: &'static str,
    /// What the query may hold: names of the document's parameters.
    pub(super) query: &'static [&'static str],
    /// The schema of the body; empty: none is read.
    pub(super) body: &'static str,
    /// Status and schema of the reply.
    pub(super) reply: (u16, &'static str),
}

impl Row {
    /// A row that needs no key, takes nothing, and answers 200.
    pub(super) const fn new(
        method: &'static str,
        path: &'static str,
        endpoint: Endpoint,
        summary: &'static str,
    ) -> Row {
        let reply = (200, "");
        let access = Access::Open;
        Row { method, path, endpoint, access, summary, query: &[], body: "", reply }
    }

    pub(super) const fn needs(mut self, access: Access) -> Row {
        self.access = access;
        self
    }

    pub(super) const fn query(mut self, names: &'static [&'static str]) -> Row {
        self.query = names;
        self
    }

    pub(super) const fn reads(mut self, schema: &'static str) -> Row {
        self.body = schema;
        self
    }

    pub(super) const fn gives(mut self, status: u16, schema: &'static str) -> Row {
        self.reply = (status, schema);
        self
    }

    /// Whether it is asked for with this method.
    fn takes(&self, method: &Method) -> bool {
        self.method == method.as_str() || (self.method == "GET" && method == Method::HEAD)
    }
}

/// A path that is there, with what is asked for at it.
#[derive(Debug)]
pub(super) struct Place<'p> {
    rows: Vec<&'static Row>,
    /// The path's parameter, decoded; empty where it has none.
    pub(super) id: Cow<'p, str>,
}

impl<'p> Place<'p> {
    /// The one at this path, as sent. A row that names all parts goes before one with a parameter,
    /// since it stands before it in the table.
    pub(super) fn find(path: &'p str) -> Option<Place<'p>> {
        let (pattern, id) =
            ENDPOINTS.iter().find_map(|row| Some((row.path, fits(row.path, path)?)))?;
        let rows = ENDPOINTS.iter().filter(|row| row.path == pattern).collect();
        Some(Place { rows, id: percent_decode_str(id).decode_utf8().ok()? })
    }

    /// Whether nothing at it needs a key.
    pub(super) fn is_open(&self) -> bool {
        self.rows.iter().all(|row| row.access == Access::Open)
    }

    /// Whether tokens are made here.
    pub(super) fn gives_tokens(&self) -> bool {
        self.rows.iter().any(|row| row.access == Access::Credentials)
    }

    /// What this method asks for.
    pub(super) fn row(&self, method: &Method) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.takes(method)).copied()
    }

    /// The methods that it takes, as `Allow` lists them.
    pub(super) fn allow(&self) -> String {
        let mut methods = Vec::new();
        for row in &self.rows {
            methods.push(row.method);
            if row.method == "GET" {
                methods.push("HEAD");
            }
        }
        methods.join(", ")
    }
}

/// The parameter of a path that fits the pattern; empty where the pattern has none.
fn fits<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    let (mut wanted, mut parts, mut id) = (pattern.split('/'), path.split('/'), "");
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return Some(id),
            (Some("{id}"), Some(part)) if !part.is_empty() => id = part,
            (Some(want), Some(part)) if want == part => {}
            _ => return None,
        }
    }
}
