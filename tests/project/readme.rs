//! The table of vendors, in the README and on the crate's first page, is what the capabilities say.

use crate::support::{
    markdown,
    vendors::{self, Vendor},
};

/// The texts that have the table of vendors.
fn texts() -> [(&'static str, String); 2] {
    [("README.md", markdown::text_of("README.md")), ("src/lib.rs", markdown::documentation_of("src/lib.rs"))]
}

/// The names of the columns of the table of vendors, from the first method on.
fn columns(text: &str) -> Vec<&str> {
    let head = text.lines().find(|line| line.starts_with("| | EmailOtp |")).expect("a table of vendors");
    head.trim_matches('|').split('|').map(str::trim).skip(1).collect()
}

fn row(vendor: &Vendor, text: &str) -> String {
    let yes = |is: bool| if is { "yes" } else { "–" }.to_owned();
    let needs: Vec<&str> = vendor.needs.iter().map(|field| field.as_str()).collect();
    let cells = columns(text).into_iter().map(|column| match column {
        "needs" => needs.join(", "),
        "send once more" => yes(vendor.can_resend),
        // `Credential` stands for all of its kinds.
        method => yes(vendor.offers.iter().any(|offered| format!("{offered:?}").split('(').next() == Some(method))),
    });
    format!("| {} | {} |", vendor.name, cells.collect::<Vec<_>>().join(" | "))
}

#[test]
fn the_table_of_vendors_is_true() {
    for (file, text) in texts() {
        for vendor in vendors::all() {
            let row = row(vendor, &text);
            assert!(text.lines().any(|line| line == row), "{file}: expected the line {row}");
        }
    }
}

#[test]
fn the_table_has_a_column_for_every_method_that_a_vendor_offers() {
    for (file, text) in texts() {
        for vendor in vendors::all() {
            for method in vendor.offers {
                let name = format!("{method:?}");
                let name = name.split('(').next().unwrap_or_default();
                assert!(columns(&text).contains(&name), "{file}: {name} of {vendor:?} has no column");
            }
        }
    }
}

#[test]
fn capabilities_say_what_the_table_says() {
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    for vendor in vendors::all() {
        let provider = vendor.provider(nowhere);
        assert_eq!(provider.capabilities().can_resend(), vendor.can_resend, "{vendor:?}");
        let offered: Vec<_> = provider.capabilities().methods().iter().map(|support| support.method()).collect();
        assert_eq!(offered, vendor.offers, "{vendor:?}");
        for support in provider.capabilities().methods() {
            assert_eq!(support.required(), vendor.needs, "{vendor:?}: its methods do not differ in what they need");
        }
    }
}
