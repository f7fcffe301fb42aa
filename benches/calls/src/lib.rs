//! One create, made in several ways, and what each costs.

pub mod bodies;
pub mod callers;
pub mod server;
pub mod vendors;
pub mod work;
