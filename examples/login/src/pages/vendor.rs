//! Switching the vendor, for operators.

use axum::response::Response;
use maud::html;

use super::Frame;
use crate::vendors::Choice;

/// Shows the vendors that can be asked first.
pub fn vendor(frame: Frame<'_>, choices: &[Choice], is_switched: bool) -> Response {
    let content = html! {
        @if is_switched { p.done role="status" { "New codes come from there now. Those under way are still checked where they were made." } }
        p { "Who sends the next code? The others take over where it cannot be reached." }
        form method="post" action="/vendor" {
            fieldset {
                legend { "Vendor" }
                @for choice in choices {
                    label.choice {
                        input type="radio" name="name" value=(choice.name) checked[choice.is_current];
                        (choice.name)
                        @if choice.is_passed_over { span { "failed a moment ago" } }
                    }
                }
            }
            button.main { "Switch" }
        }
    };
    frame.page("Vendor", content)
}
