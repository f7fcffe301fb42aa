//! What stands in the repository: documents, generated code, layers, and what the README and the guide say.

#[path = "../support/built.rs"]
mod built;
#[path = "../../build/enums.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod enums;
#[path = "../../build/operations.rs"]
mod operations;
#[path = "../../build/paths.rs"]
mod paths;
#[path = "../../build/replies.rs"]
mod replies;
#[path = "../../build/rewrites.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod rewrites;
#[path = "../../build/routes.rs"]
mod routes;
#[path = "../../build/drift/smells.rs"]
mod smells;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../build/vendors/mod.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod vendors;

mod completeness;
mod dashboard;
#[cfg(feature = "cli")]
mod documented_configs;
mod generated;
mod generated_operations;
mod generated_replies;
mod guide;
mod justfile;
mod layers;
mod readme;
#[cfg(all(feature = "cli", unix))]
mod readme_commands;
#[cfg(all(feature = "testing", feature = "toml", feature = "corbado", feature = "authsignal"))]
mod readme_programs;
mod rewriting;
mod specs;
