//! What is done with a request: a file for each step that somebody takes.

mod account;
mod assets;
mod code;
mod entry;
mod passkey;
mod vendor;

use std::num::NonZeroU32;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use crate::{
    app::App,
    cookies::{Cookies, SignedIn},
    pages::{self, Notice},
    security::{Limit, add_headers, limit_writes, refuse_other_sites},
    store::Account,
    told::{Input, Told},
};

/// Writes that a client may make a minute.
const WRITES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// The longest form, and the longest answer of a passkey.
const LONGEST_BODY: usize = 64 << 10;

pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(start))
        .route("/sign-in", get(entry::sign_in_page).post(entry::sign_in))
        .route("/sign-up", get(entry::sign_up_page).post(entry::sign_up))
        .route("/code", get(code::page).post(code::check))
        .route("/code/again", post(code::again))
        .route("/welcome", get(entry::welcome_page).post(entry::welcome))
        .route("/passkey/options", post(passkey::options))
        .route("/passkey/register", post(passkey::register))
        .route("/passkey/challenge", post(passkey::challenge))
        .route("/passkey/sign-in", post(passkey::sign_in))
        .route("/account", get(account::page))
        .route("/sign-out", post(account::sign_out))
        .route("/vendor", get(vendor::page).post(vendor::switch))
        .route("/assets/{name}", get(assets::asset))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state((app.clone(), Limit::new(WRITES_PER_MINUTE)), limit_writes))
        .layer(middleware::from_fn_with_state(app.clone(), refuse_other_sites))
        .layer(middleware::from_fn_with_state(app.clone(), pages::tell))
        .layer(middleware::from_fn_with_state(app.clone(), add_headers))
        .with_state(app)
}

async fn start(SignedIn(account): SignedIn) -> Redirect {
    Redirect::to(if account.is_some() { "/account" } else { "/sign-in" })
}

async fn nowhere() -> Told {
    Told::no_such_page()
}

async fn not_so() -> Told {
    Told::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This page cannot be used in that way. Please start again.")
}

/// Shows somebody in; says what was done.
async fn signed_in(app: &App, cookies: Cookies, account: &Account, notice: Notice) -> Result<Response, Told> {
    Ok((cookies.signed_in(app, account).await?, Redirect::to(notice.location())).into_response())
}

/// Takes a name as people call themselves.
fn name(typed: &str) -> Result<&str, Told> {
    const LONGEST: usize = 80;
    Some(typed.trim()).filter(|name| !name.is_empty() && name.chars().count() <= LONGEST).ok_or_else(|| Told::invalid_at(Input::Name, "Please tell a name."))
}
