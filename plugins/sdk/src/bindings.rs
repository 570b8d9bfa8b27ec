//! What is generated from `plugins/wit`: the types, the host's imports, WASI's outgoing HTTP, and
//! one small world per exported interface.
//!
//! One world per export is what lets a plugin export just what it implements: a world's description
//! reaches the component only where its export macro is used, and the packer drops unused imports.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    reason = "generated code; its documentation is the WIT text, its unsafe the canonical ABI"
)]

/// The plain types and every import.
pub mod host {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package hookswitch:sdk;
            world imports {
                import hookswitch:plugin/types@0.1.0;
                import hookswitch:plugin/settings@0.1.0;
                import hookswitch:plugin/crypto@0.1.0;
                import hookswitch:plugin/signing@0.1.0;
                import hookswitch:plugin/secrets@0.1.0;
                import hookswitch:plugin/state@0.1.0;
                import hookswitch:plugin/log@0.1.0;
            }
        ",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq, Eq],
    });
}

/// WASI's outgoing HTTP. Only what a plugin calls of it stays in its component.
pub mod http {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package hookswitch:sdk;
            world outgoing-http { import wasi:http/outgoing-handler@0.2.12; }
        ",
        generate_all,
    });
}

/// A world that exports one interface, with the types of `host`.
macro_rules! exported {
    ($module:ident, $macro_name:literal, $path:literal, $wit:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: ["../wit", "../wit/taking"],
                inline: $wit,
                with: {
                    "hookswitch:plugin/types@0.1.0": super::host::hookswitch::plugin::types,
                },
                generate_all,
                pub_export_macro: true,
                export_macro_name: $macro_name,
                default_bindings_module: $path,
            });
        }
    };
}

exported!(
    protocol,
    "export_protocol",
    "hookswitch_sdk::bindings::protocol",
    "package hookswitch:sdk; world protocol-exports { export hookswitch:plugin/protocol@0.1.0; }"
);
exported!(
    taking,
    "export_taking",
    "hookswitch_sdk::bindings::taking",
    "package hookswitch:sdk; world taking-exports { export hookswitch:taking/whole@0.1.0; }"
);
exported!(
    confirming,
    "export_confirming",
    "hookswitch_sdk::bindings::confirming",
    "package hookswitch:sdk; world confirming-exports { export hookswitch:plugin/confirming@0.1.0; }"
);
exported!(
    simulating,
    "export_simulating",
    "hookswitch_sdk::bindings::simulating",
    "package hookswitch:sdk; world simulating-exports { export hookswitch:plugin/simulating@0.1.0; }"
);
exported!(
    explaining,
    "export_explaining",
    "hookswitch_sdk::bindings::explaining",
    "package hookswitch:sdk; world explaining-exports { export hookswitch:plugin/explaining@0.1.0; }"
);
exported!(
    registering,
    "export_registering",
    "hookswitch_sdk::bindings::registering",
    "package hookswitch:sdk; world registering-exports { export hookswitch:plugin/registering@0.1.0; }"
);
exported!(
    answering,
    "export_answering",
    "hookswitch_sdk::bindings::answering",
    "package hookswitch:sdk; world answering-exports { export hookswitch:plugin/answering@0.1.0; }"
);
