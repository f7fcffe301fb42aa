//! The README's table of vendors is what the capabilities say.

mod support;

use support::vendors::{self, Vendor};

/// The names of the columns of the table of vendors, from the first method on.
fn columns() -> Vec<&'static str> {
    let head = include_str!("../README.md").lines().find(|line| line.starts_with("| | EmailOtp |")).expect("a table of vendors");
    head.trim_matches('|').split('|').map(str::trim).skip(1).collect()
}

fn row(vendor: &Vendor) -> String {
    let yes = |is: bool| if is { "yes" } else { "–" }.to_owned();
    let needs: Vec<&str> = vendor.needs.iter().map(|field| field.as_str()).collect();
    let cells = columns().into_iter().map(|column| match column {
        "needs" => needs.join(", "),
        "send once more" => yes(vendor.can_resend),
        // `Credential` stands for all of its kinds.
        method => yes(vendor.offers.iter().any(|offered| format!("{offered:?}").split('(').next() == Some(method))),
    });
    format!("| {} | {} |", vendor.name, cells.collect::<Vec<_>>().join(" | "))
}

#[test]
fn the_table_of_vendors_is_true() {
    for vendor in vendors::all() {
        let row = row(vendor);
        assert!(include_str!("../README.md").lines().any(|line| line == row), "expected the line {row}");
    }
}

#[test]
fn the_table_has_a_column_for_every_method_that_a_vendor_offers() {
    for vendor in vendors::all() {
        for method in vendor.offers {
            let name = format!("{method:?}");
            let name = name.split('(').next().unwrap_or_default();
            assert!(columns().contains(&name), "{name} of {vendor:?} has no column");
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
