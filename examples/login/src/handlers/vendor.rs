//! The vendor that is asked first, switched while codes are under way.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use crate::{
    app::App,
    cookies::SignedIn,
    pages::{self, Frame},
    store::Account,
    taken::Taken,
    told::Told,
};

pub async fn page(State(app): State<App>, SignedIn(account): SignedIn) -> Result<Response, Told> {
    require_operator(&app, account.as_ref()).await?;
    Ok(pages::vendor(Frame::new(&app, account.as_ref()), &app.vendors.choices(), false))
}

#[derive(Deserialize)]
pub struct Chosen {
    name: String,
}

pub async fn switch(State(app): State<App>, SignedIn(account): SignedIn, Taken(Form(chosen)): Taken<Form<Chosen>>) -> Result<Response, Told> {
    require_operator(&app, account.as_ref()).await?;
    if !app.vendors.choices().iter().any(|choice| choice.name == chosen.name) {
        return Err(Told::invalid("Please choose one of the vendors."));
    }
    app.vendors.select(&chosen.name)?;
    Ok(pages::vendor(Frame::new(&app, account.as_ref()), &app.vendors.choices(), true).into_response())
}

/// For all others there is no such page.
async fn require_operator(app: &App, account: Option<&Account>) -> Result<(), Told> {
    let recipients = match account {
        Some(account) => app.store.recipients_of(account.id).await?,
        None => Vec::new(),
    };
    app.is_operator(&recipients).then_some(()).ok_or_else(Told::no_such_page)
}
