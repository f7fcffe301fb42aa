//! What must not come back in a vendor's words, and the id of a request without it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::HeaderValue;

use super::{
    attempt::LONGEST_REQUEST_ID,
    redact::{Mask, Secrets, Submitted, Told},
};
use crate::model::{RequestId, Secret, Tell};

/// Holds all that one attempt told the vendor and nobody else may see.
#[derive(Default)]
pub(super) struct Hidden {
    pub(super) secrets: Option<Arc<Secrets>>,
    /// Values outside the body, in the path or a header.
    pub(super) private: Vec<Secret>,
    pub(super) submitted: Submitted,
    pub(super) sensitive: &'static [&'static str],
}

impl Hidden {
    pub(super) fn mask(&self) -> Mask {
        let mut mask = Mask::of(self.secrets.clone());
        self.private.iter().for_each(|secret| mask.hide(secret.expose()));
        mask.hide_members(&self.submitted, self.sensitive);
        mask
    }

    /// Gives the id that a header tells, which is masked when somebody asks for it.
    pub(super) fn request_id(self, header: HeaderValue) -> RequestId {
        RequestId::Told(Arc::new(Unmasked { header, hidden: Mutex::new(Some(self)), told: OnceLock::new() }))
    }
}

struct Unmasked {
    header: HeaderValue,
    /// Until the id is masked.
    hidden: Mutex<Option<Hidden>>,
    told: OnceLock<String>,
}

impl Tell for Unmasked {
    fn text(&self) -> &str {
        self.told.get_or_init(|| {
            let mut id = self.header.to_str().unwrap_or_default().to_owned();
            let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
            hidden.mask().apply([Told::name(&mut id).cut_to(LONGEST_REQUEST_ID)]);
            id
        })
    }
}
