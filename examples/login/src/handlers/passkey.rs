//! Passkeys. A new one is checked by the application and by the vendor, one that is there by the application.

use auth_challenge::{Answer, CallOptions, ChallengeProviderExt as _, ChallengeRequest, CredentialKind, Verification};
use axum::{
    Form, Json,
    extract::{
        State,
        rejection::{FormRejection, JsonRejection, StringRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::name;
use crate::{
    app::App,
    cookies::{Cookies, SignedIn, Step, random_text},
    pages::Notice,
    security::Client,
    store::Proof,
    told::Told,
    webauthn::{self, Assertion},
};

/// What the page's script is told where something did not work.
pub struct Failure(Told);

impl<T> From<T> for Failure
where
    Told: From<T>,
{
    fn from(told: T) -> Self {
        Self(told.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Json(json!({ "error": self.0.sentence, "key": self.0.key })).into_response();
        self.0.mark(&mut response);
        response
    }
}

type Replied = Result<(Cookies, Json<Value>), Failure>;

#[derive(Deserialize)]
pub struct Wanted {
    code: String,
    label: String,
    #[serde(default)]
    name: String,
}

/// Trades a one-time code for what a new passkey has to sign.
pub async fn options(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    client: Client,
    cookies: Cookies,
    wanted: Result<Form<Wanted>, FormRejection>,
) -> Replied {
    let Form(wanted) = wanted?;
    let label = name(&wanted.label)?.to_owned();
    let name = if account.is_some() { String::new() } else { name(&wanted.name)?.to_owned() };
    let request = ChallengeRequest::credential(CredentialKind::Fido2, wanted.code.trim()).with_client(client.context());
    let challenge = app.vendors.auth().create(&request).await?;
    let options = challenge.registration().and_then(|registration| registration.to_webauthn_json(Some(&app.site.passkeys_are_for)));
    let step = Step::NewPasskey { label, name, handle: challenge.handle().clone() };
    Ok((cookies.with_step(step), Json(options.ok_or_else(Told::our_fault)?)))
}

/// Hands in the new passkey. It is added to the account of who is signed in; else it opens one.
pub async fn register(State(app): State<App>, SignedIn(account): SignedIn, client: Client, cookies: Cookies, body: Result<String, StringRejection>) -> Replied {
    let body = body?;
    let Some(Step::NewPasskey { label, name, handle }) = cookies.step() else { return Err(Told::started_too_long_ago().into()) };
    let answer = Answer::from_webauthn_json(&body, label)?;
    // First: the vendor would spend the person's one-time code on a passkey that cannot be used here.
    let passkey = webauthn::new_passkey(answer.as_credential().ok_or_else(Told::our_fault)?, &app.site.origin, &app.site.passkeys_are_for)?;
    let options = CallOptions::default().with_client_ip(client.ip);
    match app.vendors.auth().verify_with(&handle, &answer, &options).await? {
        Verification::Verified(_) => {}
        Verification::Rejected(no) => return Err(no.into()),
    }
    let known = || Told::new(StatusCode::CONFLICT, "passkey_known", "This passkey has an account already. Please sign in with it.");
    match account {
        Some(account) => {
            if !app.store.add_passkey(account.id, passkey).await? {
                return Err(known().into());
            }
            Ok((cookies.without_step(), next(Notice::PasskeyAdded)))
        }
        None => {
            let account = app.store.open_account(&name, Proof::Passkey(passkey)).await?.ok_or_else(known)?;
            Ok((cookies.signed_in(&app, &account).await?, next(Notice::Created)))
        }
    }
}

/// Gives what a passkey of this site's has to sign.
pub async fn challenge(State(app): State<App>, cookies: Cookies) -> Replied {
    let challenge = random_text()?;
    app.store.add_challenge(&challenge).await?;
    let options = webauthn::request_options(&challenge, &app.site.passkeys_are_for);
    Ok((cookies.with_step(Step::Passkey { challenge }), Json(options)))
}

/// Signs in whose passkey it is.
pub async fn sign_in(State(app): State<App>, cookies: Cookies, assertion: Result<Json<Assertion>, JsonRejection>) -> Replied {
    let Json(assertion) = assertion?;
    let Some(Step::Passkey { challenge }) = cookies.step() else { return Err(Told::started_too_long_ago().into()) };
    if !app.store.use_challenge(&challenge).await? {
        return Err(Told::started_too_long_ago().into());
    }
    let passkey = app.store.passkey(&assertion.id).await?;
    let unknown = || Told::new(StatusCode::UNPROCESSABLE_ENTITY, "passkey_unknown", "This passkey is not known here. Please try another way.");
    let passkey = passkey.ok_or_else(unknown)?;
    let counter = assertion.check(&challenge, &app.site.origin, &app.site.passkeys_are_for, &passkey)?;
    app.store.count_passkey(&passkey.id, counter).await?;
    Ok((cookies.signed_in(&app, &passkey.account).await?, next(Notice::Welcome)))
}

/// Tells the script where to go.
fn next(notice: Notice) -> Json<Value> {
    Json(json!({ "location": notice.location() }))
}
