//! Asking for the code that somebody was sent.

use auth_challenge::Outlook;
use axum::response::Response;
use maud::html;

use super::{Frame, form_token, seconds};
use crate::{
    cookies::Sent,
    told::{Input, Told},
    vendors::Way,
};

/// Asks for the code; tells how many tries are left, and when another one can be sent.
pub fn code(frame: Frame<'_>, sent: &Sent, outlook: &Outlook) -> Result<Response, Told> {
    let token = form_token()?;
    let is_sms = sent.way == Way::Sms;
    let is_wrong = frame.has_wrong(Input::Code);
    let wait = outlook.next_send_in().map(seconds);
    let content = html! {
        @if !sent.is_over {
            p { "A code is on its way to " strong.recipient { (sent.to) } "." }
            form method="post" action="/code" {
                label for="code" { "Code" }
                input #code .code name="code" inputmode="numeric" autocomplete="one-time-code" autocapitalize="off" spellcheck="false" maxlength="64" required
                    autofocus aria-describedby=(if is_wrong { "error tries" } else { "tries" }) aria-invalid=[is_wrong.then_some("true")];
                p #tries .hint {
                    @match outlook.tries_left() {
                        Some(1) => "You have one try left.",
                        Some(tries) if is_wrong => { "You have " (tries) " tries left." }
                        _ => "Spaces and dashes do not matter.",
                    }
                }
                button.main { "Continue" }
            }
        }
        form.again method="post" action="/code/again" {
            (token)
            button #again .main[sent.is_over] .second[!sent.is_over] data-wait=[wait] { "Send a new code" }
            p.hint #wait role="status" {
                @match wait {
                    Some(wait) => { "You can ask for a new code in " span data-left { (wait) } " s." }
                    None if sent.is_over => { "It goes to " strong.recipient { (sent.to) } "." }
                    None => "Nothing came? Look among the unwanted messages too.",
                }
            }
        }
        p.aside { a href=(if is_sms { "/sign-in?by=sms" } else { "/sign-in" }) { "Use another " (if is_sms { "number" } else { "address" }) } }
    };
    Ok(frame.page(if is_sms { "Check your phone" } else { "Check your e-mail" }, content))
}
