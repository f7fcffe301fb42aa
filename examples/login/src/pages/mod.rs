//! The pages. Whatever stands in them is escaped by the templates.

mod account;
mod code;
mod entry;
mod passkey;
mod vendor;
mod welcome;

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

pub use account::{Notice, account};
pub use code::code;
pub use entry::{Entry, entry};
pub use vendor::vendor;
pub use welcome::welcome;

use crate::{
    app::{App, Demo, NAME},
    cookies::{Cookies, random_text},
    store::Account,
    told::{Input, Told},
};

/// What stands around what a page is about.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    pub app: &'a App,
    pub account: Option<&'a Account>,
    /// What did not work.
    pub told: Option<&'a Told>,
}

impl<'a> Frame<'a> {
    pub fn new(app: &'a App, account: Option<&'a Account>) -> Self {
        Self { app, account, told: None }
    }

    pub fn with_told(self, told: Option<&'a Told>) -> Self {
        Self { told, ..self }
    }

    fn has_wrong(&self, input: Input) -> bool {
        self.told.is_some_and(|told| told.inputs.contains(&input))
    }

    fn page(self, title: &str, content: Markup) -> Response {
        page(title, self.account, self.app.demo.as_ref(), self.told, content)
    }
}

/// Says what stands in the way of any page; [`tell`] makes the page, which knows who is signed in.
impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        self.mark(&mut response);
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes the page of what stands in the way of any.
pub async fn tell(State(app): State<App>, cookies: Cookies, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(told) = response.extensions_mut().remove::<Told>() else { return response };
    // Where the database cannot be read either, the page is told all the same.
    let account = cookies.account(&app).await.unwrap_or_default();
    let page = Frame::new(&app, account.as_ref()).with_told(Some(&told)).page("That did not work", html! { p.aside { a href="/" { "Back to the start" } } });
    // What else the response says stays: which methods there are, where one is not.
    let (page, body) = page.into_parts();
    response.headers_mut().extend(page.headers);
    response.map(|_| body)
}

/// Makes a whole page, with the status of what did not work.
fn page(title: &str, account: Option<&Account>, demo: Option<&Demo>, told: Option<&Told>, content: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { @if told.is_some() { "Error: " } (title) " – " (NAME) }
                link rel="icon" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/login.css";
                script type="module" src="/assets/login.js" {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    a.brand href="/" { (NAME) }
                    nav aria-label="Account" { (links(account)) }
                }
                main #main {
                    div.card {
                        h1 { (title) }
                        @if let Some(told) = told {
                            p #error .alert role="alert" data-key=(told.key) {
                                (told.sentence)
                                @if let Some(pause) = told.retry_after { " That is in " (spoken(pause)) "." }
                            }
                        }
                        (content)
                    }
                }
                @if let Some(demo) = demo { (footer(demo)) }
            }
        }
    };
    let mut response = page.into_response();
    if let Some(told) = told {
        told.mark(&mut response);
    }
    response
}

fn links(account: Option<&Account>) -> Markup {
    html! {
        @match account {
            Some(account) => {
                a href="/account" { (account.name) }
                form method="post" action="/sign-out" { button.plain { "Sign out" } }
            }
            None => {
                a href="/sign-in" { "Sign in" }
                a href="/sign-up" { "Sign up" }
            }
        }
    }
}

fn footer(demo: &Demo) -> Markup {
    html! {
        footer {
            p {
                "The vendors here are test doubles. "
                a href=(demo.messages) target="_blank" rel="noopener" { "Their page" }
                " shows the messages that they “send”, and lets them fail. "
                a href="/vendor" { "Switch the vendor" }
            }
        }
    }
}

/// Marks a form, so that it sends one message however often it comes.
fn form_token() -> Result<Markup, Told> {
    let token = random_text()?;
    Ok(html! { input type="hidden" name="form" value=(token); })
}

/// Gives whole seconds after which a pause is over.
pub fn seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}

fn spoken(pause: Duration) -> String {
    match seconds(pause) {
        1 => "1 second".to_owned(),
        seconds @ ..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}
