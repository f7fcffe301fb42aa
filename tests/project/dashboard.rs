//! The dashboard asks for numbers that there are, by labels that they have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::markdown;

/// The labels of each number, as Prometheus has both.
fn listed() -> BTreeMap<String, BTreeSet<String>> {
    let guide = markdown::documentation_of("src/guide/observing.rs");
    let mut listed = BTreeMap::new();
    for row in markdown::table(&guide, "| number | what it is | labels, each where there is such a thing |") {
        let [number, what, labels] = &row[..] else { panic!("{row:?}") };
        let number = number.trim_matches('`').replace('.', "_");
        let labels: BTreeSet<String> = labels.split('`').skip(1).step_by(2).map(|label| label.replace('.', "_")).collect();
        let forms: &[&str] = if what.starts_with("counter") { &["total"] } else { &["seconds_bucket", "seconds_count"] };
        listed.extend(forms.iter().map(|form| (format!("{number}_{form}"), labels.clone())));
    }
    listed
}

/// The words of an expression or a legend.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// An expression without what stands in quotes.
fn unquoted(expression: &str) -> String {
    expression.split('"').step_by(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_panel_asks_for_numbers_that_the_guide_lists_by_labels_that_they_have() {
    const LANGUAGE: [&str; 6] = ["sum", "by", "rate", "le", "histogram_quantile", "__rate_interval"];
    let listed = listed();
    let dashboard: Value = serde_json::from_str(&markdown::text_of("examples/dashboard/grafana.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut asked = BTreeSet::new();
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().expect("targets")) {
        let expression = target["expr"].as_str().expect("an expression");
        let legend = target["legendFormat"].as_str().expect("a legend");
        let plain = unquoted(expression);
        let numbers: BTreeSet<&str> = words(&plain).filter(|word| listed.contains_key(*word)).collect();
        assert!(!numbers.is_empty(), "{expression}");
        let labels = words(&plain).filter(|word| !numbers.contains(word) && !LANGUAGE.contains(word));
        let named = legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
        for label in labels.chain(named) {
            assert!(numbers.iter().all(|number| listed[*number].contains(label)), "{label} in {expression}, {legend}");
        }
        asked.extend(numbers.into_iter().map(str::to_owned));
    }
    let unasked: Vec<&String> = listed.keys().filter(|number| !asked.contains(*number)).collect();
    assert!(unasked.is_empty(), "{unasked:?}");
}
