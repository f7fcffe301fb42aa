//! What stands behind the listener of a double.

use std::sync::Arc;

use super::{Responder, behaviour::Behaviour, door::Door, wiremock::Wiremock};
use crate::testing::{
    Clock, Fault, Operation,
    faults::Faults,
    observe::{Journal, Notice},
};

pub(in crate::testing) struct Backstage {
    pub(in crate::testing) behaviour: Arc<dyn Behaviour>,
    pub(in crate::testing) journal: Arc<Journal>,
    pub(super) clock: Clock,
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
        self.journal.notify(Notice::Faults);
    }

    pub(in crate::testing) fn clear_faults(&self) {
        self.faults.clear();
        self.door.open();
        self.journal.notify(Notice::Faults);
    }

    /// Lists the faults that wait, and the one of the door.
    pub(in crate::testing) fn waiting_faults(&self) -> Vec<(Option<Operation>, Fault)> {
        let refusing = self.door.is_shut().then(|| (None, Fault::refuse_connections()));
        refusing.into_iter().chain(self.faults.waiting()).collect()
    }

    /// Gives the fault that hits a request.
    pub(super) fn hit(&self, operation: Option<Operation>) -> Option<Fault> {
        let fault = self.faults.take(operation);
        if fault.is_some() {
            self.journal.notify(Notice::Faults);
        }
        fault
    }
}
