//! The files that pages need, out of the program itself.

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse as _, Response},
};

use crate::{taken::Taken, told::Told};

const ASSETS: &[(&str, &str, &str)] = &[
    ("login.css", "text/css; charset=utf-8", include_str!("../../assets/login.css")),
    ("login.js", "text/javascript; charset=utf-8", include_str!("../../assets/login.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

pub async fn asset(Taken(Path(name)): Taken<Path<String>>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, content)) => ([(header::CONTENT_TYPE, *media_type), (header::CACHE_CONTROL, "max-age=300")], *content).into_response(),
        None => Told::no_such_page().into_response(),
    }
}
