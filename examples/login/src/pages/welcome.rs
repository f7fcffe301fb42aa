//! Asking somebody for a name who proved who they are, and has no account.

use axum::response::Response;
use maud::html;

use super::{Frame, entry::person};

/// Asks for the name of a new account.
pub fn welcome(frame: Frame<'_>, recipient: &str) -> Response {
    let content = html! {
        p { strong.recipient { (recipient) } " is yours, but there is no account for it yet." }
        form method="post" action="/welcome" {
            (person(frame, "", true))
            button.main { "Create account" }
        }
        p.aside { a href="/sign-in" { "Use another address" } }
    };
    frame.page("Welcome", content)
}
