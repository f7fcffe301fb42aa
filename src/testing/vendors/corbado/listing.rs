//! Lists as Corbado gives them: filtered, sorted, page by page.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::reply::Complaint;
use crate::testing::server::Incoming;

/// How many entries a page has unless told otherwise, and at most.
const PAGE: u64 = 10;
const LARGEST_PAGE: u64 = 1_000;

/// A list that may be asked for: the fields to sort and to filter by, and the one that is searched.
pub(super) struct Fields {
    /// The id of a user, which the vendor's SDKs give without what it begins with.
    pub(super) user: &'static str,
    pub(super) plain: &'static [&'static str],
    pub(super) times: &'static [&'static str],
    pub(super) searched: Option<&'static str>,
}

/// What a field of an entry holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Text(String),
    Time(SystemTime),
    /// Texts of which one is enough.
    Any(Vec<String>),
}

impl Cell {
    pub(super) fn of_user(id: &str) -> Self {
        Self::Text(id.strip_prefix("usr-").unwrap_or(id).to_owned())
    }
}

/// What is asked of a list.
pub(super) struct Listing {
    conditions: Vec<Condition>,
    sort: Option<(String, bool)>,
    page: u64,
    size: u64,
}

struct Condition {
    field: String,
    operator: Operator,
    value: Cell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Greater,
    Less,
}

impl Listing {
    /// Reads the query, and notes what is wrong with it.
    pub(super) fn read(incoming: &Incoming<'_>, fields: &Fields, complaints: &mut Vec<Complaint>) -> Self {
        let mut complain = |field: &str, message: &str| complaints.push((field.to_owned(), message.to_owned()));
        let mut number = |name: &str, otherwise: u64, most: u64| match incoming.asked(name).map(str::parse::<i128>) {
            None => otherwise,
            // The document has said so.
            Some(Err(_)) => otherwise,
            Some(Ok(given)) => match u64::try_from(given) {
                Ok(number) if (1..=most).contains(&number) => number,
                _ if given < 1 => {
                    complain(name, "must be no less than 1");
                    otherwise
                }
                _ => {
                    complain(name, &format!("must be no greater than {most}"));
                    otherwise
                }
            },
        };
        let (page, size) = (number("page", 1, u64::from(u32::MAX)), number("pageSize", PAGE, LARGEST_PAGE));
        // The vendor's SDKs send an empty one for none.
        let sort = incoming.asked("sort").filter(|sort| !sort.is_empty()).and_then(|sort| {
            let read = sort.split_once(':').filter(|(_, direction)| ["asc", "desc"].contains(direction));
            let is_known = |field: &str| fields.user == field || fields.plain.contains(&field) || fields.times.contains(&field);
            match read {
                Some((field, direction)) if is_known(field) => Some((field.to_owned(), direction == "desc")),
                Some(_) => {
                    complain("sort", "not sortable by this column");
                    None
                }
                None => {
                    complain("sort", "expected a field, a colon, and asc or desc");
                    None
                }
            }
        });
        let mut conditions = Vec::new();
        for filter in incoming.all_asked("filter[]") {
            match Condition::read(filter, fields) {
                Ok(condition) => conditions.push(condition),
                Err(problem) => complain("filter[]", problem),
            }
        }
        Self { conditions, sort, page, size }
    }

    /// Gives the entries of the page, and what is told of it.
    pub(super) fn of<T>(&self, entries: impl Iterator<Item = T>, cell: impl Fn(&T, &str) -> Cell) -> (Vec<T>, Value) {
        let mut found: Vec<T> = entries.filter(|entry| self.conditions.iter().all(|condition| condition.holds(&cell(entry, &condition.field)))).collect();
        if let Some((field, is_descending)) = &self.sort {
            found.sort_by_cached_key(|entry| cell(entry, field));
            if *is_descending {
                found.reverse();
            }
        }
        let total = found.len() as u64;
        let paging = json!({ "page": self.page, "totalPages": total.div_ceil(self.size), "totalItems": total });
        let before = usize::try_from((self.page - 1).saturating_mul(self.size)).unwrap_or(usize::MAX);
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        (found.into_iter().skip(before).take(size).collect(), paging)
    }
}

impl Condition {
    /// All behind the second colon is the value.
    fn read(filter: &str, fields: &Fields) -> Result<Self, &'static str> {
        let mut parts = filter.splitn(3, ':');
        let (Some(field), Some(operator), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("expected a field, an operator and a value, with colons between them");
        };
        let operator = match operator {
            "eq" => Operator::Equal,
            "gt" => Operator::Greater,
            "lt" => Operator::Less,
            _ => return Err("the operator must be eq, gt or lt"),
        };
        let value = match field {
            _ if fields.times.contains(&field) => Cell::Time(time(value).ok_or("must be a valid time")?),
            _ if fields.user == field => Cell::of_user(value),
            _ if fields.plain.contains(&field) => Cell::Text(value.to_owned()),
            _ if fields.searched == Some(field) && operator == Operator::Equal => Cell::Text(value.to_owned()),
            _ => return Err("not filterable by this column"),
        };
        Ok(Self { field: field.to_owned(), operator, value })
    }

    fn holds(&self, cell: &Cell) -> bool {
        let folded = |text: &str| text.to_ascii_lowercase();
        let order = match (cell, &self.value) {
            (Cell::Text(text), Cell::Text(value)) => folded(text).cmp(&folded(value)),
            (Cell::Time(time), Cell::Time(value)) => time.cmp(value),
            (Cell::Any(texts), Cell::Text(value)) => return texts.iter().any(|text| folded(text).contains(&folded(value))),
            _ => return false,
        };
        match self.operator {
            Operator::Equal => order.is_eq(),
            Operator::Greater => order.is_gt(),
            Operator::Less => order.is_lt(),
        }
    }
}

/// Reads a time, or the day that begins then.
fn time(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339_weak(text).or_else(|_| humantime::parse_rfc3339_weak(&format!("{text}T00:00:00"))).ok()
}
