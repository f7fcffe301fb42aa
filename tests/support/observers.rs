//! Observers of several tests.

use auth_challenge::Observer;

/// Hears, and does nothing.
#[derive(Debug)]
pub struct Patient;

impl Observer for Patient {}
