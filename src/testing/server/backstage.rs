//! What stands behind the listener of a double.

use std::{net::SocketAddr, sync::Arc};

use super::behaviour::Behaviour;
use crate::testing::{faults::Faults, observe::Journal};

pub(in crate::testing) struct Backstage {
    pub(in crate::testing) behaviour: Arc<dyn Behaviour>,
    pub(in crate::testing) journal: Arc<Journal>,
    pub(in crate::testing) faults: Faults,
    /// Where wiremock listens.
    pub(super) behind: SocketAddr,
}
