//! The second step: the code that was sent, or another one.

use auth_challenge::{Advice, Answer, CallOptions, ChallengeProviderExt as _, Verification};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::entry::enter;
use crate::{
    app::App,
    cookies::{Cookies, Sent, SignedIn, Step},
    pages::{self, Frame},
    security::Client,
    taken::Taken,
    told::Told,
};

pub async fn page(State(app): State<App>, client: Client, signed_in: SignedIn, cookies: Cookies) -> Result<Response, Told> {
    match cookies.step() {
        Some(Step::Code(sent)) => shown(&app, &client, &signed_in, &sent, None).await,
        _ => Ok(Redirect::to("/").into_response()),
    }
}

#[derive(Deserialize)]
pub struct Typed {
    code: String,
}

pub async fn check(
    State(app): State<App>,
    client: Client,
    signed_in: SignedIn,
    cookies: Cookies,
    Taken(Form(typed)): Taken<Form<Typed>>,
) -> Result<Response, Told> {
    let Some(Step::Code(sent)) = cookies.step() else { return Err(Told::started_too_long_ago()) };
    let (advice, told) = match app.vendors.auth().verify_with(&sent.handle, &Answer::code(typed.code), &options(&client)).await {
        Ok(Verification::Verified(proof)) => match proof.recipient() {
            // Whom the vendor's reply names, not who was typed.
            Some(recipient) => return enter(&app, cookies, sent.purpose, recipient.to_owned()).await,
            None => return Err(Told::our_fault()),
        },
        Ok(Verification::Rejected(no)) => (no.advice(), Told::from(no)),
        Err(error) => (error.advice(), Told::from(error)),
    };
    failed(&app, &client, &signed_in, cookies, sent, advice, &told).await
}

#[derive(Deserialize)]
pub struct Asked {
    form: String,
}

pub async fn again(
    State(app): State<App>,
    client: Client,
    signed_in: SignedIn,
    cookies: Cookies,
    Taken(Form(asked)): Taken<Form<Asked>>,
) -> Result<Response, Told> {
    let Some(Step::Code(sent)) = cookies.step() else { return Err(Told::started_too_long_ago()) };
    let (auth, request) = (app.vendors.auth(), app.vendors.request(sent.way, &sent.to, &sent.purpose, client.context()));
    let options = app.vendors.options(&asked.form, &request);
    let made = match sent.is_over {
        true => auth.create_with(&request, &options).await,
        false => auth.send_again_with(&sent.handle, &request, &options).await,
    };
    match made {
        Ok(challenge) => {
            let step = Step::Code(Sent { handle: challenge.handle().clone(), is_over: false, ..sent });
            Ok((cookies.with_step(step), Redirect::to("/code")).into_response())
        }
        Err(error) => {
            let advice = error.advice();
            failed(&app, &client, &signed_in, cookies, sent, advice, &Told::from(error)).await
        }
    }
}

/// Shows the page again; after this advice no code will do, and the page offers a new one alone.
async fn failed(app: &App, client: &Client, signed_in: &SignedIn, cookies: Cookies, mut sent: Sent, advice: Advice, told: &Told) -> Result<Response, Told> {
    sent.is_over |= advice == Advice::AskForNew;
    let page = shown(app, client, signed_in, &sent, Some(told)).await?;
    Ok((cookies.with_step(Step::Code(sent)), page).into_response())
}

async fn shown(app: &App, client: &Client, SignedIn(account): &SignedIn, sent: &Sent, told: Option<&Told>) -> Result<Response, Told> {
    let outlook = app.vendors.auth().peek(&sent.handle, &options(client)).await;
    pages::code(Frame::new(app, account.as_ref()).with_told(told), sent, &outlook)
}

fn options(client: &Client) -> CallOptions {
    CallOptions::default().with_client_ip(client.ip)
}
