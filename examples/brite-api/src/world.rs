//! What the stand-in knows, and what it answers to each call.
//!
//! Transactions and sessions are two tables: the id of one is unknown in the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::wire::Asked;
use crate::{PUBLIC_KEY, SECRET};

type Answer = (u16, Value);
type Table = BTreeMap<String, Map<String, Value>>;

/// Six hours, as Brite's tokens live.
const TOKEN_S: u64 = 6 * 60 * 60;

pub(crate) struct World {
    transactions: Table,
    sessions: Table,
    tokens: BTreeSet<String>,
    token_s: u64,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) at_once: usize,
    pub(crate) most_at_once: usize,
    pub(crate) down: bool,
    pub(crate) held: bool,
    slow_ms: u64,
    refuse_once: bool,
}

impl World {
    pub(crate) fn new() -> World {
        let table = |id: &str, state: u16| {
            let members = json!({ "id": id, "state": state, "type": 0 });
            Table::from([(id.to_owned(), members.as_object().cloned().unwrap_or_default())])
        };
        World {
            transactions: table("agTxnExample01", 5),
            sessions: table("agSessionExample01", 12),
            tokens: BTreeSet::new(),
            token_s: TOKEN_S,
            counts: BTreeMap::new(),
            at_once: 0,
            most_at_once: 0,
            down: false,
            held: false,
            slow_ms: 0,
            refuse_once: false,
        }
    }

    /// Counts a call of the API; how long it takes.
    pub(crate) fn begin(&mut self, call: &str) -> u64 {
        *self.counts.entry(call.to_owned()).or_default() += 1;
        self.at_once += 1;
        self.most_at_once = self.most_at_once.max(self.at_once);
        self.slow_ms
    }

    pub(crate) fn answer_api(&mut self, call: &str, asked: &Asked) -> Answer {
        if asked.method != "POST" {
            return refusal(405, "MethodNotAllowed");
        }
        match call {
            "merchant.authorize" => self.authorize(&asked.body),
            "merchant.token" => self.renew(&asked.body),
            "transaction.state" | "transaction.get" | "session.state" | "session.get" => {
                let bearer = asked.authorization.as_deref().unwrap_or_default();
                let known = bearer.strip_prefix("Bearer ").is_some_and(|t| self.tokens.contains(t));
                if std::mem::take(&mut self.refuse_once) || !known {
                    return refusal(401, "Unauthorized");
                }
                self.look_up(call, asked.body["id"].as_str().unwrap_or_default())
            }
            _ => refusal(404, "NoSuchCall"),
        }
    }

    fn authorize(&mut self, body: &Value) -> Answer {
        if body["public_key"] == PUBLIC_KEY && body["secret"] == SECRET {
            return self.pair();
        }
        refusal(401, "Unauthorized")
    }

    fn renew(&mut self, body: &Value) -> Answer {
        let access = body["access_token"].as_str().unwrap_or_default();
        if self.tokens.contains(access) && body["refresh_token"] == format!("refresh-{access}") {
            return self.pair();
        }
        refusal(401, "Unauthorized")
    }

    /// A further token; earlier ones are taken too.
    fn pair(&mut self) -> Answer {
        let token = format!("token-{}", self.tokens.len() + 1);
        self.tokens.insert(token.clone());
        #[allow(clippy::disallowed_methods, reason = "tokens end by the real clock")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "Brite's is a fraction too")]
        let expires = now.as_secs_f64() + self.token_s as f64;
        let refresh = format!("refresh-{token}");
        (200, json!({ "access_token": token, "expires": expires, "refresh_token": refresh }))
    }

    fn look_up(&self, call: &str, id: &str) -> Answer {
        let (object, verb) = call.split_once('.').unwrap_or((call, ""));
        let table = if object == "session" { &self.sessions } else { &self.transactions };
        match (table.get(id), verb) {
            (None, _) => refusal(400, "NotFound"),
            (Some(members), "state") => (200, json!({ "state": members["state"] })),
            (Some(members), _) => (200, Value::Object(members.clone())),
        }
    }

    /// The stand-in's own calls.
    pub(crate) fn answer_stub(&mut self, asked: &Asked) -> Answer {
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/counts") => (200, json!(self.counts)),
            ("POST", "/stub/set") => match self.set(&asked.body) {
                Ok(()) => (200, json!({})),
                Err(problem) => (400, json!({ "error": problem })),
            },
            _ => (404, json!({ "error": "there are GET /counts and POST /stub/set" })),
        }
    }

    pub(crate) fn set(&mut self, told: &Value) -> Result<(), String> {
        let told = told.as_object().ok_or("a JSON object is wanted")?;
        for (object, table) in
            [("transaction", &mut self.transactions), ("session", &mut self.sessions)]
        {
            let Some(id) = told.get(object).and_then(Value::as_str) else { continue };
            let state = told.get("state").ok_or("`state` is missing")?;
            let mut members = told.clone();
            members.remove(object);
            members.insert("id".to_owned(), id.into());
            members.insert("state".to_owned(), state.clone());
            table.insert(id.to_owned(), members);
            return Ok(());
        }
        for (name, value) in told {
            let wrong = || format!("`{name}` isn't understood");
            match name.as_str() {
                "down" => self.down = value.as_bool().ok_or_else(wrong)?,
                "refuse_once" => self.refuse_once = value.as_bool().ok_or_else(wrong)?,
                "slow_ms" => self.slow_ms = value.as_u64().ok_or_else(wrong)?,
                "token_s" => self.token_s = value.as_u64().ok_or_else(wrong)?,
                _ => return Err(wrong()),
            }
        }
        Ok(())
    }
}

/// An error in Brite's form: its `state` is a text.
fn refusal(status: u16, name: &str) -> Answer {
    let body = json!({
        "error_name": name, "error_message": "the stand-in refuses", "state": "APPLICATION_ERROR",
    });
    (status, body)
}
