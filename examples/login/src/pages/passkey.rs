//! Making a passkey, and signing in with one. Both need the browser's script.

use maud::{Markup, html};

use super::Frame;

/// Asks for the one-time code that allows a new passkey; for a name too, where it opens an account.
pub fn registration(frame: Frame<'_>, opens_account: bool) -> Markup {
    html! {
        form data-passkey="create" {
            @if opens_account {
                label for="name" { "Your name" }
                input #name name="name" autocomplete="name" maxlength="80" required autofocus;
            }
            label for="passkey-code" { "One-time code" }
            input #passkey-code name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="64" required
                aria-describedby="passkey-hint passkey-error";
            p #passkey-hint .hint {
                "The one that you were given for a new passkey."
                @if let Some(code) = frame.app.demo.as_ref().and_then(|demo| demo.passkey_code.as_ref()) { " On the test doubles it is " code { (code) } "." }
            }
            label for="label" { "Name of the passkey" }
            input #label name="label" autocomplete="off" maxlength="60" required value="This device";
            (alert_and_button("Make the passkey"))
        }
        details {
            summary { "What happens with it" }
            p { "Your browser makes the passkey; the vendor that gave you the code checks it and keeps its public key. So does this site, which asks the passkey itself
                when you sign in." }
            @if opens_account {
                p { "A new passkey proves no e-mail address and no phone number. So it opens an account of its own; to add it to one that you have, sign in first." }
            }
        }
    }
}

/// Lets the browser offer the passkeys that it has for this site.
pub fn sign_in() -> Markup {
    html! {
        form data-passkey="get" {
            p { "With the passkey that you made for this site, by fingerprint, face or the lock of your screen." }
            (alert_and_button("Use a passkey"))
        }
    }
}

/// The script writes what did not work where the answer of a form would tell it.
fn alert_and_button(text: &str) -> Markup {
    html! {
        p #passkey-error .alert role="alert" hidden {}
        noscript { p.alert { "Passkeys need JavaScript. The other ways do without." } }
        button.main { (text) }
    }
}
