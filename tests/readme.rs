//! The README's table of vendors is what the capabilities say.

#![cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]

use auth_challenge::{Capabilities, CredentialKind, Method, authsignal, corbado, dfns};

fn row(name: &str, capabilities: &Capabilities) -> String {
    let methods = [Method::EmailOtp, Method::EmailLink, Method::SmsOtp, Method::WhatsAppOtp, Method::Credential(CredentialKind::Fido2)];
    let yes = |is: bool| if is { "yes" } else { "–" };
    let offered: Vec<&str> = methods.into_iter().map(|method| yes(capabilities.supports(method))).collect();
    let needs: Vec<&str> = capabilities.methods().first().map(|support| support.required().iter().map(|field| field.as_str()).collect()).unwrap_or_default();
    format!("| {name} | {} | {} | {} |", offered.join(" | "), needs.join(", "), yes(capabilities.resend()))
}

#[test]
fn the_table_of_vendors_is_true() {
    let readme = include_str!("../README.md");
    for (name, capabilities) in [("corbado", corbado::capabilities()), ("authsignal", authsignal::capabilities()), ("dfns", dfns::capabilities())] {
        let row = row(name, capabilities);
        assert!(readme.lines().any(|line| line == row), "expected the line {row}");
        let needs = capabilities.methods().first().map(|support| support.required().to_vec()).unwrap_or_default();
        assert!(capabilities.methods().iter().all(|support| support.required() == needs), "the methods of {name} differ in what they need");
    }
}
