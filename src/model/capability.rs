//! What a provider can do, as data.

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;

use crate::model::{ChallengeRequest, Error, ErrorKind, Field, Method, ProviderId, SendState, Violation};

/// Tells what a provider can do and needs for it; no I/O, the same for every call, cheap to clone.
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
#[derive(Clone, Debug)]
pub struct Capabilities {
    methods: Methods,
    can_resend: bool,
}

#[derive(Clone, Debug)]
enum Methods {
    Fixed(&'static [MethodSupport]),
    Shared(Arc<[MethodSupport]>),
}

/// Tells of one method that a provider offers which fields it needs and takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodSupport {
    method: Method,
    required: Cow<'static, [Field]>,
    optional: Cow<'static, [Field]>,
}

impl MethodSupport {
    /// Offers a method, with the fields that must and may be given.
    pub fn new(method: Method, required: Vec<Field>, optional: Vec<Field>) -> Self {
        Self { method, required: Cow::Owned(required), optional: Cow::Owned(optional) }
    }

    /// Offers a method, with fields that are known when the program is compiled.
    pub const fn of(method: Method, required: &'static [Field], optional: &'static [Field]) -> Self {
        Self { method, required: Cow::Borrowed(required), optional: Cow::Borrowed(optional) }
    }

    /// Gives the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Lists the fields without which a request is refused before it is sent.
    pub fn required(&self) -> &[Field] {
        &self.required
    }

    /// Lists the fields that are passed on if given.
    pub fn optional(&self) -> &[Field] {
        &self.optional
    }

    /// Says whether the field is passed on.
    pub fn takes(&self, field: Field) -> bool {
        self.required.contains(&field) || self.optional.contains(&field)
    }
}

impl Capabilities {
    /// Lists what a provider of your own offers.
    pub fn new(methods: Vec<MethodSupport>) -> Self {
        Self { methods: Methods::Shared(methods.into()), can_resend: false }
    }

    /// Sets whether an existing challenge can be sent once more.
    pub const fn with_resend(mut self, can_resend: bool) -> Self {
        self.can_resend = can_resend;
        self
    }

    /// Lists what a provider of your own offers, where that is known when the program is compiled.
    pub const fn of(methods: &'static [MethodSupport]) -> Self {
        Self { methods: Methods::Fixed(methods), can_resend: false }
    }

    /// Lists the methods offered.
    pub fn methods(&self) -> &[MethodSupport] {
        match &self.methods {
            Methods::Fixed(methods) => methods,
            Methods::Shared(methods) => methods,
        }
    }

    /// Tells which fields a method needs and takes; `None` where it is not offered.
    pub fn support(&self, method: Method) -> Option<&MethodSupport> {
        self.methods().iter().find(|support| support.method == method)
    }

    /// Says whether the method is offered.
    pub fn supports(&self, method: Method) -> bool {
        self.support(method).is_some()
    }

    /// Lists the fields that a request of this method must have; none where the method is not offered.
    pub fn required_fields(&self, method: Method) -> &[Field] {
        self.support(method).map_or(&[], MethodSupport::required)
    }

    /// Says whether an existing challenge can be sent once more.
    pub fn can_resend(&self) -> bool {
        self.can_resend
    }

    /// Checks a request, as [`ChallengeProvider::check`](crate::ChallengeProvider::check) does: gives the fields that would be ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for the method, else [`ErrorKind::InvalidRequest`] with all that is missing or malformed.
    pub fn check(&self, provider: &ProviderId, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.find(provider, request)?.conclude()
    }

    /// Checks a request as [`check`](Self::check) does, and leaves the result open for further findings of a vendor's own.
    pub(crate) fn find(&self, provider: &ProviderId, request: &ChallengeRequest) -> Result<Findings, Error> {
        let method = request.method();
        let Some(support) = self.support(method) else {
            let offered: Vec<String> = self.methods().iter().map(|support| support.method.to_string()).collect();
            let detail = format!("{provider} has no {method}; it offers {}", offered.join(", "));
            return Err(Error::new(ErrorKind::Unsupported, SendState::NotSent).with_detail(detail));
        };
        let missing = support.required.iter().filter(|field| !request.has(**field, provider)).map(|field| Violation::new(*field, "is required"));
        let mut findings = Findings { violations: missing.collect(), ignored: Vec::new() };
        // What is ignored anyway may be as it likes.
        let is_taken = |violation: &Violation| violation.field().is_some_and(|field| support.takes(field));
        findings.violations.extend(request.malformed(provider).filter(is_taken));
        for field in request.given(provider).filter(|field| !support.takes(*field)) {
            // A right is never granted, nor lost, in silence.
            match field {
                Field::Scope => findings.violations.push(Violation::new(field, format!("{provider} has no scopes"))),
                other => findings.ignored.push(other),
            }
        }
        Ok(findings)
    }
}

impl PartialEq for Capabilities {
    fn eq(&self, other: &Self) -> bool {
        self.can_resend == other.can_resend && self.methods() == other.methods()
    }
}

impl Eq for Capabilities {}

/// Holds what was found in a request.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) ignored: Vec<Field>,
}

impl Findings {
    /// Adds the vendor's names to the violations.
    #[cfg(vendor)]
    pub(crate) fn name_fields(&mut self, vendor_name: impl Fn(Field) -> Option<&'static str>) {
        for violation in &mut self.violations {
            if let Some(name) = violation.field().and_then(&vendor_name) {
                *violation = violation.clone().with_vendor_field(name);
            }
        }
    }

    /// Gives the ignored fields, or the one error that names every violation.
    pub(crate) fn conclude(self) -> Result<Vec<Field>, Error> {
        if self.violations.is_empty() { Ok(self.ignored) } else { Err(Error::invalid(self.violations)) }
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
        let methods = self.methods().iter().map(|support| Support {
            method: support.method.as_str(),
            kind: support.method.credential_kind().map(|kind| kind.as_str()),
            required_fields: support.required(),
            optional_fields: support.optional(),
            lifetime: support.takes(Field::Lifetime),
        });
        Whole { methods: methods.collect(), resend: self.can_resend }.serialize(serializer)
    }
}
