//! The files that a new plugin begins with, as they lie in `plugins/templates`. `{{name}}` and
//! `{{kind}}` in their texts, and KIND in their paths, are the plugin's own.

use clap::ValueEnum;

/// What a plugin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Knows one provider's protocol.
    Adapter,
    /// Computes answers.
    Responder,
}

/// What it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// With cargo, for wasm32-unknown-unknown.
    Rust,
    /// With componentize-qjs.
    Javascript,
    /// With esbuild and componentize-qjs.
    Typescript,
    /// With componentize-py.
    Python,
    /// With clang and wasi-libc.
    C,
}

/// One file of a new plugin.
#[derive(Debug, Clone, Copy)]
pub(super) struct File {
    /// In the plugin's folder.
    pub(super) path: &'static str,
    /// As the template has them.
    pub(super) bytes: &'static [u8],
}

/// Files by their places in the plugin's folder, each with its place in the repository.
macro_rules! files {
    ($($path:literal: $from:literal,)*) => {
        &[$(File {
            path: $path,
            bytes: include_bytes!(concat!("../../../", $from)),
        }),*]
    };
}

/// All files but those of the contract; a later one isn't written over an earlier.
pub(super) fn files(kind: Kind, language: Language) -> impl Iterator<Item = &'static File> {
    let (common, source) = match kind {
        Kind::Adapter => (ADAPTER, adapter(language)),
        Kind::Responder => (RESPONDER, responder(language)),
    };
    [IGNORED, common, source, tools(language)].into_iter().flatten()
}

/// What a README says about a language: what has to be installed, and the traps.
pub(super) fn notes(language: Language) -> (&'static str, &'static str) {
    let text = match language {
        Language::Rust => include_str!("../../../plugins/templates/rust/notes.md"),
        Language::Javascript => include_str!("../../../plugins/templates/javascript/notes.md"),
        Language::Typescript => include_str!("../../../plugins/templates/typescript/notes.md"),
        Language::Python => include_str!("../../../plugins/templates/python/notes.md"),
        Language::C => include_str!("../../../plugins/templates/c/notes.md"),
    };
    let (needs, traps) = text.split_once("\n---\n").unwrap_or((text, ""));
    (needs.trim(), traps.trim())
}

const IGNORED: &[File] = files! { ".gitignore": "plugins/templates/ignored", };

const ADAPTER: &[File] = files! {
    "README.md": "plugins/templates/adapter.md",
    "vectors/defaults.toml": "plugins/templates/vectors/adapter/defaults.toml",
    "vectors/settled.http": "plugins/templates/vectors/adapter/settled.http",
    "vectors/settled.toml": "plugins/templates/vectors/adapter/settled.toml",
    "vectors/altered.http": "plugins/templates/vectors/adapter/altered.http",
    "vectors/altered.toml": "plugins/templates/vectors/adapter/altered.toml",
    "vectors/unsigned.http": "plugins/templates/vectors/adapter/unsigned.http",
    "vectors/unsigned.toml": "plugins/templates/vectors/adapter/unsigned.toml",
    "vectors/not-json.http": "plugins/templates/vectors/adapter/not-json.http",
    "vectors/not-json.toml": "plugins/templates/vectors/adapter/not-json.toml",
    "vectors/other-type.http": "plugins/templates/vectors/adapter/other-type.http",
    "vectors/other-type.toml": "plugins/templates/vectors/adapter/other-type.toml",
};

const RESPONDER: &[File] = files! {
    "README.md": "plugins/templates/responder.md",
    "vectors/defaults.toml": "plugins/templates/vectors/responder/defaults.toml",
    "vectors/quote.toml": "plugins/templates/vectors/responder/quote.toml",
    "vectors/rounded-down.toml": "plugins/templates/vectors/responder/rounded-down.toml",
    "vectors/beyond-floats.toml": "plugins/templates/vectors/responder/beyond-floats.toml",
    "vectors/amount-a-number.toml": "plugins/templates/vectors/responder/amount-a-number.toml",
    "vectors/amount-signed.toml": "plugins/templates/vectors/responder/amount-signed.toml",
    "vectors/not-json.toml": "plugins/templates/vectors/responder/not-json.toml",
    "vectors/other-kind.toml": "plugins/templates/vectors/responder/other-kind.toml",
    "vectors/rate-broken.toml": "plugins/templates/vectors/responder/rate-broken.toml",
};

/// What builds it, whatever it is.
fn tools(language: Language) -> &'static [File] {
    match language {
        Language::Rust => files! {
            "Cargo.toml": "plugins/templates/rust/Cargo.toml",
            "build.sh": "plugins/templates/rust/build.sh",
        },
        Language::Javascript => files! {
            "package.json": "plugins/templates/javascript/package.json",
            "build.sh": "plugins/templates/javascript/build.sh",
        },
        Language::Typescript => files! {
            "package.json": "plugins/templates/typescript/package.json",
            "tsconfig.json": "plugins/templates/typescript/tsconfig.json",
            "contract.d.ts": "plugins/templates/typescript/contract.d.ts",
            "build.sh": "plugins/templates/typescript/build.sh",
        },
        Language::Python => files! {
            "requirements.txt": "plugins/templates/python/requirements.txt",
            "build.sh": "plugins/templates/python/build.sh",
        },
        // The example's own reader of JSON and its growing texts: C has neither.
        Language::C => files! {
            "json.c": "examples/quotes-c/json.c",
            "json.h": "examples/quotes-c/json.h",
            "text.c": "examples/quotes-c/text.c",
            "text.h": "examples/quotes-c/text.h",
            "build.sh": "plugins/templates/c/build.sh",
        },
    }
}

fn adapter(language: Language) -> &'static [File] {
    match language {
        Language::Rust => files! { "src/lib.rs": "plugins/templates/rust/adapter.rs", },
        Language::Javascript => {
            files! { "KIND.js": "plugins/templates/javascript/adapter.js", }
        }
        Language::Typescript => {
            files! { "KIND.ts": "plugins/templates/typescript/adapter.ts", }
        }
        Language::Python => files! { "app.py": "plugins/templates/python/adapter.py", },
        Language::C => files! {
            "KIND.c": "plugins/templates/c/adapter.c",
            "bindings/adapter.c": "plugins/templates/c/bindings/adapter.c",
            "bindings/adapter.h": "plugins/templates/c/bindings/adapter.h",
            "bindings/adapter_component_type.o":
                "plugins/templates/c/bindings/adapter_component_type.o",
        },
    }
}

fn responder(language: Language) -> &'static [File] {
    match language {
        Language::Rust => files! { "src/lib.rs": "plugins/templates/rust/responder.rs", },
        Language::Javascript => {
            files! { "KIND.js": "plugins/templates/javascript/responder.js", }
        }
        Language::Typescript => {
            files! { "KIND.ts": "plugins/templates/typescript/responder.ts", }
        }
        Language::Python => files! { "app.py": "plugins/templates/python/responder.py", },
        Language::C => files! {
            "KIND.c": "plugins/templates/c/responder.c",
            "bindings/responder.c": "examples/quotes-c/bindings/responder.c",
            "bindings/responder.h": "examples/quotes-c/bindings/responder.h",
            "bindings/responder_component_type.o":
                "examples/quotes-c/bindings/responder_component_type.o",
        },
    }
}
