//! The account of who is signed in, and the way out.

use axum::{
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    app::App,
    cookies::{Cookies, SignedIn},
    pages::{self, Frame, Notice},
    taken::Taken,
    told::Told,
};

#[derive(Deserialize)]
pub struct Done {
    notice: Option<Notice>,
}

pub async fn page(State(app): State<App>, SignedIn(account): SignedIn, Taken(Query(done)): Taken<Query<Done>>) -> Result<Response, Told> {
    let Some(account) = account else { return Ok(Redirect::to("/sign-in").into_response()) };
    let (recipients, passkeys) = (app.store.recipients_of(account.id).await?, app.store.passkeys_of(account.id).await?);
    Ok(pages::account(Frame::new(&app, Some(&account)), &account, &recipients, &passkeys, done.notice))
}

pub async fn sign_out(State(app): State<App>, cookies: Cookies) -> Result<Response, Told> {
    Ok((cookies.signed_out(&app).await?, Redirect::to("/sign-in")).into_response())
}
