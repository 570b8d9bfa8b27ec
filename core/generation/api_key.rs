//! Who may use the admin API, as the config has it: a key that is taken out, or loses a scope, has
//! lost it with the next generation.

use ring::digest::{Digest, SHA256, digest};

/// One key of the API.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub name: String,
    /// SHA-256 of its secrets; old and new side by side while it is changed. None: it fits nobody.
    pub secrets: Vec<Digest>,
    /// What it may do.
    pub scopes: Vec<String>,
}

impl ApiKey {
    /// One with these secrets.
    pub fn new<'s>(
        name: &str,
        secrets: impl Iterator<Item = &'s str>,
        scopes: &[String],
    ) -> ApiKey {
        let secrets = secrets.map(|secret| digest(&SHA256, secret.as_bytes())).collect();
        ApiKey { name: name.to_owned(), secrets, scopes: scopes.to_vec() }
    }
}
