//! Signing in, and signing up: the same ways.

use axum::response::Response;
use maud::{Markup, html};

use super::{Frame, form_token, passkey};
use crate::{
    told::{Input, Told},
    vendors::Way,
};

/// Whether there is an account already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    SignIn,
    SignUp,
}

impl Entry {
    fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/sign-in",
            Self::SignUp => "/sign-up",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::SignIn => "Sign in",
            Self::SignUp => "Sign up",
        }
    }
}

/// Asks who somebody is; with what was typed, where that did not do.
pub fn entry(frame: Frame<'_>, entry: Entry, way: Way, name: &str, to: &str) -> Result<Response, Told> {
    let token = form_token()?;
    let content = html! {
        (ways(frame, entry, way))
        @match (way, entry) {
            (Way::Passkey, Entry::SignIn) => (passkey::sign_in()),
            (Way::Passkey, Entry::SignUp) => (passkey::registration(frame, true)),
            _ => (recipient(frame, entry, way, name, to, &token)),
        }
        p.aside {
            @match entry {
                Entry::SignIn => { "No account yet? " a href="/sign-up" { "Sign up" } },
                Entry::SignUp => { "You have an account? " a href="/sign-in" { "Sign in" } },
            }
        }
    };
    Ok(frame.page(entry.title(), content))
}

fn ways(frame: Frame<'_>, entry: Entry, chosen: Way) -> Markup {
    html! {
        nav.ways aria-label="Ways to show who you are" {
            @for way in Way::ALL.into_iter().filter(|way| frame.app.vendors.offer(*way)) {
                @let (by, title) = match way {
                    Way::Email => ("email", "E-mail"),
                    Way::Sms => ("sms", "Text message"),
                    Way::Passkey => ("passkey", "Passkey"),
                };
                a href={ (entry.path()) "?by=" (by) } aria-current=[(way == chosen).then_some("page")] { (title) }
            }
        }
    }
}

fn recipient(frame: Frame<'_>, entry: Entry, way: Way, name: &str, to: &str, token: &Markup) -> Markup {
    let is_wrong = frame.has_wrong(Input::To);
    let described = if is_wrong { "hint error" } else { "hint" };
    let invalid = is_wrong.then_some("true");
    html! {
        form method="post" action=(entry.path()) {
            (token)
            @if entry == Entry::SignUp {
                (person(frame, name, !is_wrong && name.is_empty()))
            }
            @if way == Way::Sms {
                input type="hidden" name="by" value="sms";
                label for="to" { "Phone number" }
                input #to name="to" type="tel" autocomplete="tel" maxlength="32" required value=(to) aria-describedby=(described) aria-invalid=[invalid]
                    autofocus[entry == Entry::SignIn || is_wrong];
                p #hint .hint { "With the country’s code, say +64 27 123 4567. You get a text message with a code." }
            } @else {
                input type="hidden" name="by" value="email";
                label for="to" { "E-mail address" }
                input #to name="to" type="email" autocomplete="email" maxlength="254" required value=(to) aria-describedby=(described) aria-invalid=[invalid]
                    autofocus[entry == Entry::SignIn || is_wrong];
                p #hint .hint { "You get a message with a code. There is no password." }
            }
            button.main { "Send the code" }
        }
    }
}

/// Asks for somebody's name; marks it where it is what is wrong.
pub fn person(frame: Frame<'_>, name: &str, is_first: bool) -> Markup {
    let is_wrong = frame.has_wrong(Input::Name);
    html! {
        label for="name" { "Your name" }
        input #name name="name" autocomplete="name" maxlength="80" required value=(name) aria-describedby=[is_wrong.then_some("error")]
            aria-invalid=[is_wrong.then_some("true")] autofocus[is_first || is_wrong];
    }
}
