//! The vendor's id of a request.

use std::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

/// Names a request at the vendor: a text, or what gives one when it is asked for.
#[derive(Clone)]
#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone write ids that must be masked"))]
pub(crate) enum RequestId {
    Text(String),
    Told(Arc<dyn Tell>),
}

/// Gives a text that is made fit to be told at the first time that somebody asks, which few do.
pub(crate) trait Tell: Send + Sync + UnwindSafe + RefUnwindSafe {
    fn text(&self) -> &str;
}

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Told(told) => told.text(),
        }
    }
}

impl From<String> for RequestId {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
