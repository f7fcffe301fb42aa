//! The vendors that the command line knows.

use auth_challenge::{Capabilities, authsignal, corbado, dfns};

/// Each vendor's name and what it can do.
pub(crate) const ALL: [(&str, CanDo); 3] = [("corbado", corbado::capabilities), ("authsignal", authsignal::capabilities), ("dfns", dfns::capabilities)];

type CanDo = fn() -> &'static Capabilities;
