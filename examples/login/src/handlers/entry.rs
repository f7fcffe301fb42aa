//! The first step: somebody says how to reach them. And the last one of who is new.

use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{name, signed_in};
use crate::{
    app::App,
    cookies::{Cookies, Sent, SignedIn, Step},
    pages::{self, Entry, Frame, Notice},
    security::Client,
    store::Proof,
    taken::Taken,
    told::Told,
    vendors::{Purpose, Way},
};

#[derive(Deserialize)]
pub struct By {
    by: Option<Way>,
}

pub async fn sign_in_page(state: State<App>, signed_in: SignedIn, Taken(by): Taken<Query<By>>) -> Result<Response, Told> {
    page(state, signed_in, by, Entry::SignIn).await
}

pub async fn sign_up_page(state: State<App>, signed_in: SignedIn, Taken(by): Taken<Query<By>>) -> Result<Response, Told> {
    page(state, signed_in, by, Entry::SignUp).await
}

async fn page(State(app): State<App>, SignedIn(account): SignedIn, Query(By { by }): Query<By>, entry: Entry) -> Result<Response, Told> {
    match account {
        Some(_) => Ok(Redirect::to("/account").into_response()),
        None => pages::entry(Frame::new(&app, None), entry, by.unwrap_or(Way::Email), "", ""),
    }
}

#[derive(Deserialize)]
pub struct Typed {
    by: Way,
    to: String,
    #[serde(default)]
    name: String,
    form: String,
}

pub async fn sign_in(
    State(app): State<App>,
    client: Client,
    SignedIn(account): SignedIn,
    cookies: Cookies,
    Taken(Form(typed)): Taken<Form<Typed>>,
) -> Result<Response, Told> {
    match start(&app, &client, &typed, Purpose::SignIn).await {
        Ok(step) => Ok((cookies.with_step(step), Redirect::to("/code")).into_response()),
        Err(told) => pages::entry(Frame::new(&app, account.as_ref()).with_told(Some(&told)), Entry::SignIn, typed.by, "", &typed.to),
    }
}

pub async fn sign_up(
    State(app): State<App>,
    client: Client,
    SignedIn(account): SignedIn,
    cookies: Cookies,
    Taken(Form(typed)): Taken<Form<Typed>>,
) -> Result<Response, Told> {
    let started = match name(&typed.name) {
        Ok(name) => start(&app, &client, &typed, Purpose::SignUp { name: name.to_owned() }).await,
        Err(told) => Err(told),
    };
    match started {
        Ok(step) => Ok((cookies.with_step(step), Redirect::to("/code")).into_response()),
        Err(told) => pages::entry(Frame::new(&app, account.as_ref()).with_told(Some(&told)), Entry::SignUp, typed.by, &typed.name, &typed.to),
    }
}

/// Sends a code. Whether there is an account is told to nobody before they have shown that the address is theirs.
async fn start(app: &App, client: &Client, typed: &Typed, purpose: Purpose) -> Result<Step, Told> {
    let (way, to) = (typed.by, bare(typed));
    let request = app.vendors.request(way, &to, &purpose, client.context());
    let challenge = app.vendors.auth().create_with(&request, &app.vendors.options(&typed.form, &request)).await?;
    Ok(Step::Code(Sent { way, to, purpose, handle: challenge.handle().clone(), is_over: false }))
}

/// Takes out of a phone number what people write between its digits.
fn bare(typed: &Typed) -> String {
    let is_between = |c: char| c.is_whitespace() || "()-./".contains(c);
    if typed.by == Way::Sms { typed.to.chars().filter(|c| !is_between(*c)).collect() } else { typed.to.trim().to_owned() }
}

/// Signs in whom a vendor's reply names; asks who is new for a name, unless that was asked for.
pub async fn enter(app: &App, cookies: Cookies, purpose: Purpose, recipient: String) -> Result<Response, Told> {
    if let Some(account) = app.store.account_of(&recipient).await? {
        return signed_in(app, cookies, &account, Notice::Welcome).await;
    }
    match purpose {
        Purpose::SignUp { name } => open(app, cookies, &name, recipient).await,
        Purpose::SignIn => Ok((cookies.with_step(Step::Proven { recipient }), Redirect::to("/welcome")).into_response()),
    }
}

async fn open(app: &App, cookies: Cookies, name: &str, recipient: String) -> Result<Response, Told> {
    // The same person, in another window at this moment.
    let Some(account) = app.store.open_account(name, Proof::Recipient(recipient)).await? else { return Err(Told::started_too_long_ago()) };
    signed_in(app, cookies, &account, Notice::Created).await
}

pub async fn welcome_page(State(app): State<App>, SignedIn(account): SignedIn, cookies: Cookies) -> Response {
    match cookies.step() {
        Some(Step::Proven { recipient }) => pages::welcome(Frame::new(&app, account.as_ref()), &recipient),
        _ => Redirect::to("/").into_response(),
    }
}

#[derive(Deserialize)]
pub struct Named {
    name: String,
}

pub async fn welcome(State(app): State<App>, SignedIn(account): SignedIn, cookies: Cookies, Taken(Form(named)): Taken<Form<Named>>) -> Result<Response, Told> {
    let Some(Step::Proven { recipient }) = cookies.step() else { return Err(Told::started_too_long_ago()) };
    match name(&named.name) {
        Ok(name) => open(&app, cookies, name, recipient).await,
        Err(told) => Ok(pages::welcome(Frame::new(&app, account.as_ref()).with_told(Some(&told)), &recipient)),
    }
}
