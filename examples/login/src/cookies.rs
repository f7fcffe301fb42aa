//! What a browser keeps, encrypted and signed: who is signed in, and the step that somebody is at.

use std::{
    convert::Infallible,
    time::{Duration, SystemTime},
};

use auth_challenge::ChallengeHandle;
use aws_lc_rs::{error::Unspecified, rand};
use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponseParts, ResponseParts},
};
use axum_extra::extract::{
    PrivateCookieJar,
    cookie::{Cookie, Key, SameSite},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    store::{Account, SESSION, StoreError},
    told::Told,
    vendors::{Purpose, Way},
};

/// How long somebody may take from one step to the next.
const STEP: Duration = Duration::from_secs(15 * 60);

/// The step that somebody is at. It holds bearer material, so it travels in the encrypted cookie alone, and has no `Debug`.
#[derive(Serialize, Deserialize)]
pub enum Step {
    /// A code is under way.
    Code(Sent),
    /// Somebody proved who they are and has no account.
    Proven { recipient: String },
    /// A vendor waits for a new passkey.
    NewPasskey { label: String, name: String, handle: ChallengeHandle },
    /// A passkey of this site's is to sign.
    Passkey { challenge: String },
}

/// A code that is under way.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sent {
    pub way: Way,
    pub to: String,
    pub purpose: Purpose,
    pub handle: ChallengeHandle,
    /// No code will do any more: only a new one helps.
    pub is_over: bool,
}

/// A cookie may be kept and sent again by whoever has it, so it holds its own end.
#[derive(Serialize, Deserialize)]
struct Until {
    ends: SystemTime,
    step: Step,
}

/// The cookies of a request, and of the reply to it.
pub struct Cookies {
    jar: PrivateCookieJar,
    is_https: bool,
}

impl Cookies {
    const SESSION: &str = "session";
    const STEP: &str = "step";

    /// Gives the step that the person is at.
    pub fn step(&self) -> Option<Step> {
        let cookie = self.jar.get(&self.name(Self::STEP))?;
        let until: Until = serde_json::from_str(cookie.value()).ok()?;
        (SystemTime::now() < until.ends).then_some(until.step)
    }

    pub fn with_step(self, step: Step) -> Self {
        let until = Until { ends: SystemTime::now() + STEP, step };
        // Texts, numbers and times after 1970 always have a JSON form.
        let json = serde_json::to_string(&until).unwrap_or_default();
        self.with(Self::STEP, json, STEP)
    }

    pub fn without_step(self) -> Self {
        self.without(Self::STEP)
    }

    /// Signs somebody in: under a new token, whatever there was before.
    pub async fn signed_in(self, app: &App, account: &Account) -> Result<Self, Told> {
        if let Some(old) = self.session() {
            app.store.end_session(&old).await?;
        }
        let token = random_text()?;
        app.store.add_session(&token, account.id).await?;
        Ok(self.with(Self::SESSION, token, SESSION).without_step())
    }

    pub async fn signed_out(self, app: &App) -> Result<Self, StoreError> {
        if let Some(token) = self.session() {
            app.store.end_session(&token).await?;
        }
        Ok(self.without(Self::SESSION).without_step())
    }

    /// Finds who is signed in.
    pub async fn account(&self, app: &App) -> Result<Option<Account>, StoreError> {
        match self.session() {
            Some(token) => app.store.session(&token).await,
            None => Ok(None),
        }
    }

    fn session(&self) -> Option<String> {
        Some(self.jar.get(&self.name(Self::SESSION))?.value().to_owned())
    }

    fn with(mut self, name: &str, value: String, lasts: Duration) -> Self {
        let cookie = self.cookie(name, value, lasts);
        self.jar = self.jar.add(cookie);
        self
    }

    fn without(mut self, name: &str) -> Self {
        let cookie = self.cookie(name, String::new(), Duration::ZERO);
        self.jar = self.jar.remove(cookie);
        self
    }

    /// No script reads it; no other site's form sends it (`Lax`, so that a link into the site keeps people signed in).
    fn cookie(&self, name: &str, value: String, lasts: Duration) -> Cookie<'static> {
        let cookie = Cookie::build((self.name(name), value)).path("/").max_age(lasts.try_into().unwrap_or_default());
        cookie.http_only(true).same_site(SameSite::Lax).secure(self.is_https).build()
    }

    /// A browser takes a cookie with this prefix over https from this very host alone.
    fn name(&self, name: &str) -> String {
        if self.is_https { format!("__Host-{name}") } else { name.to_owned() }
    }
}

/// Gives a text that nobody can guess.
pub fn random_text() -> Result<String, Unspecified> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl FromRequestParts<App> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let jar = PrivateCookieJar::<Key>::from_request_parts(parts, app).await?;
        Ok(Self { jar, is_https: app.site.is_https })
    }
}

/// Who is signed in, if anybody is.
pub struct SignedIn(pub Option<Account>);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Told;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Told> {
        let Ok(cookies) = Cookies::from_request_parts(parts, app).await;
        Ok(Self(cookies.account(app).await?))
    }
}

impl IntoResponseParts for Cookies {
    type Error = Infallible;

    fn into_response_parts(self, parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.jar.into_response_parts(parts)
    }
}
