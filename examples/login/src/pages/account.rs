//! The account of who is signed in.

use axum::response::Response;
use maud::html;
use serde::{Deserialize, Serialize};

use super::{Frame, passkey};
use crate::{store::Account, vendors::Way};

/// What was just done, in the address of the page: one of few words, so that nobody can make the page say something else.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    Welcome,
    Created,
    PasskeyAdded,
}

impl Notice {
    /// Gives the account's address that says so.
    pub fn location(self) -> &'static str {
        match self {
            Self::Welcome => "/account?notice=welcome",
            Self::Created => "/account?notice=created",
            Self::PasskeyAdded => "/account?notice=passkey_added",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Welcome => "You are signed in.",
            Self::Created => "Your account is there, and you are signed in.",
            Self::PasskeyAdded => "The passkey was checked, and is yours from now on.",
        }
    }
}

/// Shows an account: what it is entered by.
pub fn account(frame: Frame<'_>, account: &Account, recipients: &[String], passkeys: &[String], notice: Option<Notice>) -> Response {
    let content = html! {
        @if let Some(notice) = notice { p.done role="status" { (notice.sentence()) } }
        h2 { "You sign in by" }
        ul.proofs {
            @for recipient in recipients {
                li { (recipient) span { (if recipient.contains('@') { "E-mail" } else { "Text message" }) } }
            }
            @for passkey in passkeys {
                li { (passkey) span { "Passkey" } }
            }
        }
        @if frame.app.vendors.offer(Way::Passkey) {
            h2 { "Add a passkey" }
            (passkey::registration(frame, false))
        }
    };
    frame.page(&format!("Hello, {}", account.name), content)
}
