//! Browser and operating system, read from a user agent or from client hints.

use std::sync::LazyLock;

use crate::model::product::{Product, UNKNOWN};

/// How much of a user agent is looked at; real ones are shorter.
const LONGEST_PARSED: usize = 1024;

/// Reads browser and operating system from a user agent.
pub(crate) fn parsed(agent: &str) -> (Product, Product) {
    static PARSER: LazyLock<woothee::parser::Parser> = LazyLock::new(woothee::parser::Parser::new);
    let end = agent.char_indices().nth(LONGEST_PARSED).map_or(agent.len(), |(index, _)| index);
    let Some(found) = agent.get(..end).and_then(|agent| PARSER.parse(agent)) else { return (Product::unknown(), Product::unknown()) };
    let version = |version: &str| if version.is_empty() || version == "UNKNOWN" { UNKNOWN.to_owned() } else { version.to_owned() };
    let browser = match found.name {
        "UNKNOWN" | "" => Product::unknown(),
        name => Product::new(name, version(found.version)),
    };
    let os = match found.os {
        "UNKNOWN" | "" => Product::unknown(),
        "Mac OSX" => Product::new("macOS", version(&found.os_version)),
        "iPhone" | "iPad" | "iPod" | "iOS" => Product::new("iOS", version(&found.os_version)),
        "ChromeOS" => Product::new("ChromeOS", version(found.os_version.rsplit(' ').next().unwrap_or_default())),
        // "Windows 10" with version "NT 10.0": the number people know stands in the name.
        name => match name.strip_prefix("Windows ") {
            Some(number) if !number.is_empty() => Product::new("Windows", number),
            _ => Product::new(name, version(&found.os_version)),
        },
    };
    (browser, os)
}

/// Reads the browser from a brand list such as `"Chromium";v="104", " Not A;Brand";v="99", "Google Chrome";v="104"`.
pub(crate) fn browser_of(brands: &str) -> Option<Product> {
    let mut chromium = None;
    // A brand may hold commas and semicolons, so the quotes lead: name and version alternate between them.
    let mut quoted = brands.split('"').skip(1).step_by(2);
    while let (Some(brand), Some(version)) = (quoted.next(), quoted.next()) {
        match brand {
            // Made-up brands keep servers from relying on the list.
            grease if grease.contains("Not") && grease.contains("Brand") => {}
            "Chromium" => chromium = Some(Product::new("Chromium", version)),
            "Google Chrome" => return Some(Product::new("Chrome", version)),
            "Microsoft Edge" => return Some(Product::new("Edge", version)),
            other => return Some(Product::new(other, version)),
        }
    }
    chromium
}

/// Gives the version that people know for the one that the client hint tells: Windows tells its feature level.
pub(crate) fn os_version(platform: &str, version: &str) -> String {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match (platform, major) {
        ("Windows", Some(13..)) => "11".to_owned(),
        ("Windows", Some(1..=12)) => "10".to_owned(),
        _ => version.to_owned(),
    }
}
