//! Faults in words, for those who cannot call methods.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fault, FaultKind};
use crate::testing::{Double, Operation, seed};

/// A fault in words, for those who cannot call [`Fault`]'s methods: its name and what it takes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct WordedFault {
    /// The vendor that it is for; all, where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::testing) provider: Option<String>,
    /// The operation that it is for; any, where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::testing) operation: Option<String>,
    fault: String,
    times: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

type MakeFault = fn(&WordedFault) -> Result<Fault, &'static str>;

/// Every fault by its name, which is that of the method that makes it.
const BY_NAME: [(&str, MakeFault); 18] = [
    ("status", |said| Ok(Fault::status(said.status.filter(|status| (200..600).contains(status)).ok_or("status: expected 200 to 599")?))),
    ("rate_limited", |_| Ok(Fault::rate_limited())),
    ("gateway_html", |_| Ok(Fault::gateway_html())),
    ("refuse_connections", |said| {
        let is_counted = said.times.is_some_and(|times| times != 0) || said.probability.is_some() || said.seed.is_some();
        let expected = "refuse_connections: nobody sees a refused connection, so none is counted or chosen; expected neither times nor probability nor seed";
        if is_counted { Err(expected) } else { Ok(Fault::refuse_connections()) }
    }),
    ("hang_connection", |_| Ok(Fault::hang_connection())),
    ("reset_before_read", |_| Ok(Fault::reset_before_read())),
    ("reset_after_read", |_| Ok(Fault::reset_after_read())),
    ("slow", |said| Ok(Fault::slow(Duration::from_millis(said.ms.ok_or("ms: is required")?)))),
    ("hang", |_| Ok(Fault::hang())),
    ("cut_body", |_| Ok(Fault::cut_body())),
    ("garbage", |_| Ok(Fault::garbage())),
    ("not_http", |_| Ok(Fault::not_http())),
    ("wrong_content_type", |_| Ok(Fault::wrong_content_type())),
    ("unknown_fields", |_| Ok(Fault::unknown_fields())),
    ("unknown_enum_values", |_| Ok(Fault::unknown_enum_values())),
    ("missing_field", |said| {
        Ok(Fault::missing_field(said.field.as_deref().filter(|field| field.len() <= 256).ok_or("field: expected a name of 256 bytes at most")?))
    }),
    ("missing_fields", |_| Ok(Fault::missing_fields())),
    ("huge_body", |said| Ok(Fault::huge_body(said.bytes.ok_or("bytes: is required")?))),
];

/// What a fault takes beside what all of them do.
const TAKEN: [(&str, &str); 6] =
    [("status", "status"), ("status", "retry_after_s"), ("rate_limited", "retry_after_s"), ("slow", "ms"), ("missing_field", "field"), ("huge_body", "bytes")];

/// The doubles that a fault is for, with the operation at each; `None` is any.
type Aims<'a> = Vec<(&'a Double, Option<Operation>)>;

impl WordedFault {
    /// Lists the names of all faults.
    pub(in crate::testing) fn names() -> impl Iterator<Item = &'static str> {
        BY_NAME.iter().map(|(name, _)| *name)
    }

    /// Reads the fault; gives what was expected, if there is none such.
    fn fault(&self) -> Result<Fault, String> {
        let Some((_, make)) = BY_NAME.iter().find(|(name, _)| *name == self.fault) else {
            return Err(format!("fault: expected one of {}", Self::names().collect::<Vec<_>>().join(", ")));
        };
        let given = [("status", self.status.is_some()), ("ms", self.ms.is_some()), ("field", self.field.is_some()), ("bytes", self.bytes.is_some())];
        let takes = |member: &str| TAKEN.contains(&(self.fault.as_str(), member));
        if let Some((member, _)) =
            given.into_iter().chain([("retry_after_s", self.retry_after_s.is_some())]).find(|(member, is_given)| *is_given && !takes(member))
        {
            return Err(format!("{member}: {} takes none", self.fault));
        }
        let mut fault = make(self)?;
        match self.probability {
            Some(probability) if !(0.0..=1.0).contains(&probability) => return Err("probability: expected 0 to 1".into()),
            Some(probability) => fault = fault.with_probability(probability),
            None if self.seed.is_some() => return Err("seed: expected a probability beside it".into()),
            None => {}
        }
        if let Some(seed) = self.seed {
            fault = fault.with_seed(seed);
        }
        if let Some(seconds) = self.retry_after_s {
            fault = fault.with_retry_after(Duration::from_secs(seconds));
        }
        Ok(match self.times {
            Some(0) => fault.always(),
            Some(times) => fault.with_times(times),
            None => fault,
        })
    }

    /// Gives the fault, and the doubles that it is for with the operation at each: those of one provider, those that have the operation.
    pub(in crate::testing) fn resolve<'a>(&self, doubles: &'a [Double]) -> Result<(Fault, Aims<'a>), String> {
        let fault = self.fault()?;
        let meant: Vec<&Double> = doubles.iter().filter(|double| self.provider.as_deref().is_none_or(|name| name == double.name())).collect();
        if meant.is_empty() {
            return Err(format!("provider: expected one of {}", seed::names(doubles)));
        }
        let Some(operation) = &self.operation else {
            return Ok((fault, meant.into_iter().map(|double| (double, None)).collect()));
        };
        Operation::find(operation, meant.iter().flat_map(|double| double.operations())).map_err(|unknown| unknown.to_string())?;
        let at = |double: &'a Double| Some((double, Some(double.operation(operation).ok()?)));
        Ok((fault, meant.into_iter().filter_map(at).collect()))
    }
}

impl Fault {
    /// Gives the fault in words, as [`WordedFault`] reads them; `times` is what is left.
    pub(in crate::testing) fn worded(&self, provider: &str, operation: Option<Operation>) -> WordedFault {
        let mut words = WordedFault {
            provider: Some(provider.to_owned()),
            operation: operation.map(|operation| operation.as_str().to_owned()),
            fault: self.name.to_owned(),
            times: Some(self.times.unwrap_or(0)),
            ..WordedFault::default()
        };
        match &self.kind {
            FaultKind::Status(status, retry_after) => {
                words.status = (self.name == "status").then_some(*status);
                words.retry_after_s = retry_after.map(|pause| pause.as_secs());
            }
            FaultKind::Slow(pause) => words.ms = u64::try_from(pause.as_millis()).ok(),
            FaultKind::MissingField(name) => words.field = Some(name.clone()),
            FaultKind::HugeBody(bytes) => words.bytes = Some(*bytes),
            _ => {}
        }
        if let Some(chance) = &self.chance {
            (words.probability, words.seed) = (Some(chance.probability), Some(chance.seed));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(words: serde_json::Value) -> Result<Fault, String> {
        serde_json::from_value::<WordedFault>(words).expect("words").fault()
    }

    #[test]
    fn every_fault_has_the_name_of_its_method() {
        for (name, _) in BY_NAME {
            let mut words = json!({ "fault": name });
            for (_, member) in TAKEN.iter().filter(|(of, _)| *of == name) {
                words[member] = if *member == "field" { json!("a") } else { json!(503) };
            }
            let made = fault(words).expect(name);
            assert_eq!(made.name(), name);
        }
    }

    #[test]
    fn a_fault_in_words_is_the_same_fault() {
        for said in [
            json!({ "provider": "corbado", "operation": "create", "fault": "status", "times": 3, "status": 503, "retry_after_s": 2 }),
            json!({ "provider": "corbado", "operation": "create", "fault": "rate_limited", "times": 1, "retry_after_s": 60 }),
            json!({ "provider": "corbado", "operation": "create", "fault": "slow", "times": 0, "ms": 20 }),
            json!({ "provider": "corbado", "operation": "create", "fault": "missing_field", "times": 1, "field": "code" }),
            json!({ "provider": "corbado", "operation": "create", "fault": "huge_body", "times": 1, "bytes": 4096 }),
            json!({ "provider": "corbado", "operation": "create", "fault": "refuse_connections", "times": 0 }),
            json!({ "provider": "corbado", "operation": "create", "fault": "hang", "times": 0, "probability": 0.1, "seed": 7 }),
        ] {
            assert_eq!(serde_json::to_value(fault(said.clone()).expect("a fault").worded("corbado", Some(Operation::CREATE))).expect("JSON"), said);
        }
    }

    #[test]
    fn a_fault_that_is_not_there_names_those_that_are() {
        let told = fault(json!({ "fault": "earthquake" })).expect_err("no such fault");
        assert!(BY_NAME.iter().all(|(name, _)| told.contains(name)), "{told}");
        assert_eq!(fault(json!({ "fault": "hang", "status": 503 })).expect_err("no status"), "status: hang takes none");
        assert_eq!(fault(json!({ "fault": "slow" })).expect_err("no pause"), "ms: is required");
    }
}
