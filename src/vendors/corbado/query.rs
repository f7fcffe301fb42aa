//! Which part of a list is asked for.

use crate::model::Personal;

/// Says which part of a list [`Corbado::user_list`](super::Corbado::user_list) and [`Corbado::identifier_list`](super::Corbado::identifier_list) give:
/// without members, the first page of all that there are.
///
/// ```
/// use auth_challenge::corbado::{Filter, ListQuery};
///
/// let disabled = ListQuery { filter: vec![Filter::equal("status", "disabled")], sort: Some("created:desc".into()), ..ListQuery::default() };
/// assert_eq!(disabled.page, None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Conditions, all of which an entry meets.
    pub filter: Vec<Filter>,
    /// The field to sort by and the direction: `created:asc` or `created:desc`.
    pub sort: Option<String>,
    /// The number of the page, from 1 on.
    pub page: Option<u32>,
    /// How many entries a page has; Corbado gives 10 unless told otherwise.
    pub page_size: Option<u32>,
}

/// Holds one condition on the entries of a list: a field, an operator and a value. `Debug` does not show the value, which may be an address.
///
/// Users have the fields `id`, `searchValue` (names and login identifiers), `name`, `fullName`, `created`, `updated` and `status`; login identifiers have
/// `userID` (the vendor's own SDK leaves out its `usr-` here), `identifierType` and `identifierValue`. It goes out as `field:operator:value`; all behind the second colon is the value, whatever
/// stands in it.
///
/// ```
/// use auth_challenge::corbado::Filter;
///
/// let jane = Filter::equal("identifierValue", "jane@doe.com");
/// assert_eq!(format!("{jane:?}"), r#"Filter { field: "identifierValue", operator: "eq", value: Personal(***) }"#);
/// ```
#[derive(Clone, Debug)]
pub struct Filter {
    field: &'static str,
    operator: &'static str,
    value: Personal,
}

impl Filter {
    /// Takes entries whose field has this value.
    pub fn equal(field: &'static str, value: impl Into<Personal>) -> Self {
        Self { field, operator: "eq", value: value.into() }
    }

    /// Takes entries whose field is greater, or later, than this value: a time is written as `2021-07-20T00:00:00`.
    pub fn greater(field: &'static str, value: impl Into<Personal>) -> Self {
        Self { field, operator: "gt", value: value.into() }
    }

    /// Takes entries whose field is less, or earlier, than this value.
    pub fn less(field: &'static str, value: impl Into<Personal>) -> Self {
        Self { field, operator: "lt", value: value.into() }
    }

    fn text(&self) -> String {
        format!("{}:{}:{}", self.field, self.operator, self.value.as_str())
    }
}

impl ListQuery {
    /// Gives the conditions as they go out.
    pub(super) fn filters(&self) -> Vec<String> {
        self.filter.iter().map(Filter::text).collect()
    }

    /// Gives the values that are looked for, which must not come back in an error.
    pub(super) fn private(&self) -> Vec<&str> {
        self.filter.iter().map(|filter| filter.value.as_str()).collect()
    }
}
