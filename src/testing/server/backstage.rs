//! What stands behind the listener of a double.

use std::sync::Arc;

use super::{Responder, behaviour::Behaviour, door::Door, wiremock::Wiremock};
use crate::testing::{Fault, Operation, faults::Faults, observe::Journal};

pub(in crate::testing) struct Backstage {
    pub(in crate::testing) behaviour: Arc<dyn Behaviour>,
    pub(in crate::testing) journal: Arc<Journal>,
    pub(super) faults: Faults,
    pub(super) door: Door,
    pub(super) wiremock: Wiremock<Responder>,
}

impl Backstage {
    /// Lets an operation go wrong; whichever comes, where none is named.
    pub(in crate::testing) fn fail(&self, operation: Option<Operation>, fault: Fault) {
        if fault.refuses_connections() {
            self.door.shut();
        } else {
            self.faults.add(operation, fault);
        }
    }

    pub(in crate::testing) fn clear_faults(&self) {
        self.faults.clear();
        self.door.open();
    }
}
