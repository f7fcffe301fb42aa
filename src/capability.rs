//! What a provider can do, as data.

use std::borrow::Cow;

use serde::Serialize;

use crate::{ChallengeRequest, Error, ErrorKind, Field, Method, ProviderId, SendState, Violation};

/// What a provider can do and needs for it; no I/O, the same for every call.
///
/// ```
/// # #[cfg(feature = "authsignal")] {
/// use auth_challenge::{Field, Method, authsignal};
///
/// let capabilities = authsignal::capabilities();
/// assert!(capabilities.supports(Method::WhatsAppOtp));
/// assert!(!capabilities.supports(Method::EmailLink));
/// assert_eq!(capabilities.required_fields(Method::SmsOtp), [Field::To, Field::Action]);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    methods: Cow<'static, [MethodSupport]>,
    resend: bool,
}

/// One method that a provider offers, with the fields it needs and takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodSupport {
    method: Method,
    required: Cow<'static, [Field]>,
    optional: Cow<'static, [Field]>,
}

impl MethodSupport {
    /// A method with the fields that must and may be given.
    pub fn new(method: Method, required: Vec<Field>, optional: Vec<Field>) -> Self {
        Self { method, required: Cow::Owned(required), optional: Cow::Owned(optional) }
    }

    pub(crate) const fn of(method: Method, required: &'static [Field], optional: &'static [Field]) -> Self {
        Self { method, required: Cow::Borrowed(required), optional: Cow::Borrowed(optional) }
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The fields without which a request is refused before it is sent.
    pub fn required(&self) -> &[Field] {
        &self.required
    }

    /// The fields that are passed on if given.
    pub fn optional(&self) -> &[Field] {
        &self.optional
    }

    fn takes(&self, field: Field) -> bool {
        self.required.contains(&field) || self.optional.contains(&field)
    }
}

impl Capabilities {
    /// The capabilities of a provider of your own.
    pub fn new(methods: Vec<MethodSupport>) -> Self {
        Self { methods: Cow::Owned(methods), resend: false }
    }

    /// With or without a resend of an existing challenge.
    pub fn with_resend(mut self, resend: bool) -> Self {
        self.resend = resend;
        self
    }

    pub(crate) const fn of(methods: &'static [MethodSupport], resend: bool) -> Self {
        Self { methods: Cow::Borrowed(methods), resend }
    }

    /// The methods offered.
    pub fn methods(&self) -> &[MethodSupport] {
        &self.methods
    }

    /// Whether the method is offered.
    pub fn supports(&self, method: Method) -> bool {
        self.support(method).is_some()
    }

    /// The fields that a request of this method must have; none where the method is not offered.
    pub fn required_fields(&self, method: Method) -> &[Field] {
        self.support(method).map_or(&[], MethodSupport::required)
    }

    /// Whether an existing challenge can be sent once more.
    pub fn resend(&self) -> bool {
        self.resend
    }

    /// Whether the lifetime of a challenge of this method can be asked for.
    pub fn lifetime(&self, method: Method) -> bool {
        self.support(method).is_some_and(|support| support.takes(Field::Lifetime))
    }

    /// Checks a request against these capabilities, as [`ChallengeProvider::check`](crate::ChallengeProvider::check) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for the method, else [`ErrorKind::InvalidRequest`] with all that is missing or malformed.
    pub fn review(&self, provider: &ProviderId, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.examine(provider, request)?.conclude(provider)
    }

    /// As [`review`](Self::review), open for further findings of a vendor's own.
    pub(crate) fn examine(&self, provider: &ProviderId, request: &ChallengeRequest) -> Result<Findings, Error> {
        let method = request.method();
        let Some(support) = self.support(method) else {
            let offered: Vec<String> = self.methods.iter().map(|support| support.method.to_string()).collect();
            return Err(Error::new(ErrorKind::Unsupported, SendState::NotSent)
                .with_provider(provider.clone())
                .with_detail(format!("{provider} has no {method}; it offers {}", offered.join(", "))));
        };
        let given = request.given(provider);
        let missing = support.required.iter().filter(|field| !given.contains(field)).map(|field| Violation::new(field.as_str(), "is required"));
        let mut findings = Findings { violations: missing.collect(), ignored: Vec::new() };
        // What is ignored anyway may be as it likes.
        let malformed = request.malformed(provider).into_iter().filter(|(field, _)| support.takes(*field));
        findings.violations.extend(malformed.map(|(_, violation)| violation));
        for field in given.into_iter().filter(|field| !support.takes(*field)) {
            // A right is never granted, nor lost, in silence.
            match field {
                Field::Scope => findings.violations.push(Violation::new("scope", format!("{provider} has no scopes"))),
                other => findings.ignored.push(other),
            }
        }
        Ok(findings)
    }

    fn support(&self, method: Method) -> Option<&MethodSupport> {
        self.methods.iter().find(|support| support.method == method)
    }
}

/// What was found in a request.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) ignored: Vec<Field>,
}

impl Findings {
    /// Adds the vendor's names to the violations, by a table of (neutral, vendor) names.
    pub(crate) fn name_fields(&mut self, names: &[(&str, &str)]) {
        for violation in &mut self.violations {
            if let Some((_, vendor)) = names.iter().find(|(neutral, _)| violation.field() == Some(neutral)) {
                *violation = violation.clone().with_vendor_field(vendor);
            }
        }
    }

    /// The ignored fields, or the one error that names every violation.
    pub(crate) fn conclude(self, provider: &ProviderId) -> Result<Vec<Field>, Error> {
        if self.violations.is_empty() { Ok(self.ignored) } else { Err(Error::invalid(self.violations).with_provider(provider.clone())) }
    }
}

impl Serialize for Capabilities {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Support<'a> {
            method: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            kind: Option<&'static str>,
            required_fields: &'a [Field],
            optional_fields: &'a [Field],
            lifetime: bool,
        }
        #[derive(Serialize)]
        struct Whole<'a> {
            methods: Vec<Support<'a>>,
            resend: bool,
        }
        let methods = self.methods.iter().map(|support| Support {
            method: support.method.as_str(),
            kind: support.method.credential_kind().map(|kind| kind.as_str()),
            required_fields: support.required(),
            optional_fields: support.optional(),
            lifetime: self.lifetime(support.method),
        });
        Whole { methods: methods.collect(), resend: self.resend }.serialize(serializer)
    }
}
