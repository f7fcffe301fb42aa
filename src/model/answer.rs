//! The answer that a person gave.

use std::fmt;

use serde_json::Value;

use crate::model::{CredentialKind, Error, Field, Secret, Violation, base64url, letters::is_ignorable};

/// Holds what a person answered: a code, the token of a link, or a new credential.
///
/// ```
/// use auth_challenge::Answer;
/// assert_eq!(format!("{:?}", Answer::code("123456")), "Answer(***)");
/// ```
#[derive(Clone)]
pub struct Answer(Given);

#[derive(Clone)]
enum Given {
    Code(Secret),
    Credential(CredentialAnswer),
}

impl Answer {
    /// Takes a one-time code as the person typed it.
    ///
    /// White space around it goes, and what is not seen. Blanks and dashes within go too, and full-width, Arabic, Persian and Devanagari digits become ASCII
    /// ones, if no more than twelve characters are left; what is longer is a token, of which every character counts.
    ///
    /// ```
    /// use auth_challenge::Answer;
    /// for typed in ["123456", " 123 456\n", "123-456", "１２３４５６", "١٢٣٤٥٦"] {
    ///     assert_eq!(Answer::code(typed).as_code().map(|code| code.expose().to_owned()).as_deref(), Some("123456"));
    /// }
    /// ```
    pub fn code(code: impl Into<Secret>) -> Self {
        let code = code.into();
        let kept = || code.expose().chars().filter(|c| !is_blank(*c) && !is_dash(*c)).map(ascii_digit);
        if kept().count() > LONGEST_CODE {
            return Self::link(code);
        }
        // In one piece of the right length, so that no part of it stays in memory.
        let mut bare = String::with_capacity(kept().map(char::len_utf8).sum());
        bare.extend(kept());
        Self(Given::Code(Secret::new(bare)))
    }

    /// Takes the token of a link that the person followed; white space around it goes. It is the value of a parameter in the link's query, and not the whole link;
    /// the vendor's module tells of the parameter.
    pub fn link(token: impl Into<Secret>) -> Self {
        let token = token.into();
        let trimmed = token.expose().trim_matches(is_blank);
        Self(Given::Code(if trimmed.len() == token.expose().len() { token } else { Secret::new(trimmed) }))
    }

    /// Takes a new credential.
    pub fn credential(answer: CredentialAnswer) -> Self {
        Self(Given::Credential(answer))
    }

    /// Reads a new passkey, as `PublicKeyCredential.toJSON()` gives it in the browser, under a name for people to read.
    ///
    /// Padded and standard base64, as some wrappers on phones write it, is read too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), naming each member that is missing or not base64, never its content.
    pub fn from_webauthn_json(json: &str, name: impl Into<String>) -> Result<Self, Error> {
        let unreadable = || Error::invalid(vec![Violation::new(Field::Answer, "expected the JSON of PublicKeyCredential.toJSON()")]);
        let credential: Value = serde_json::from_slice(json.as_bytes()).map_err(|_| unreadable())?;
        let mut violations = Vec::new();
        // Who wrote the page knows the browser's names alone, so the words have them too.
        macro_rules! member {
            ($field:expr, $name:literal) => {{
                let given = at(&credential, $name).and_then(Value::as_str).filter(|text| !text.is_empty());
                given.and_then(base64url::normalise).unwrap_or_else(|| {
                    let (odd, missing) = (concat!("expected ", $name, " in base64url"), concat!("is required: ", $name, " in base64url"));
                    violations.push(Violation::at_vendor(Some($field), $name, if given.is_some() { odd } else { missing }));
                    String::new()
                })
            }};
        }
        let credential_id = member!(Field::CredentialId, "id");
        let client_data = member!(Field::ClientData, "response.clientDataJSON");
        let attestation = member!(Field::Attestation, "response.attestationObject");
        let answer = CredentialAnswer::new(CredentialKind::Fido2, name, credential_id, client_data, attestation);
        if answer.name.is_empty() {
            violations.push(Violation::new(Field::CredentialName, "is empty"));
        }
        if violations.is_empty() { Ok(Self::credential(answer)) } else { Err(Error::invalid(violations)) }
    }

    /// Gives the code, or the token of a link.
    pub fn as_code(&self) -> Option<&Secret> {
        match &self.0 {
            Given::Code(code) => Some(code),
            Given::Credential(_) => None,
        }
    }

    /// Gives the credential, where the answer is one.
    pub fn as_credential(&self) -> Option<&CredentialAnswer> {
        match &self.0 {
            Given::Code(_) => None,
            Given::Credential(answer) => Some(answer),
        }
    }

    /// Gives the code, or the error for a provider that wants one.
    #[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
    pub(crate) fn require_code(&self, vendor_field: &'static str) -> Result<&Secret, Error> {
        let invalid = |message: &'static str| Err(Error::invalid(vec![Violation::at_vendor(Some(Field::Code), vendor_field, message)]));
        match self.as_code() {
            Some(code) if !code.is_empty() => Ok(code),
            Some(_) => invalid("is empty"),
            None => invalid("expected a code, not a credential"),
        }
    }
}

/// How many characters a code has at most that people type; what is longer is a token, whose every character counts.
const LONGEST_CODE: usize = 12;

/// Says whether a character shows nothing: white space, and what comes along when a text is copied.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || !c.is_ascii() && is_ignorable(c)
}

/// The dashes of Unicode that keyboards and messages write, the hyphen among them.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Gives the ASCII form of a digit that keyboards write in its place, and anything else as it is.
fn ascii_digit(c: char) -> char {
    let zero = match c {
        '０'..='９' => '０',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '०'..='९' => '०',
        _ => return c,
    };
    char::from_u32(u32::from(c) - u32::from(zero) + u32::from('0')).unwrap_or(c)
}

/// Gives the member of a path with dots.
fn at<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |json, name| json.get(name))
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(***)")
    }
}

/// Holds a new passkey or key with its signed challenge; binary members are base64url without padding.
#[derive(Clone)]
pub struct CredentialAnswer {
    kind: CredentialKind,
    name: String,
    credential_id: String,
    client_data: Secret,
    attestation: Secret,
    encrypted_private_key: Option<Secret>,
}

impl CredentialAnswer {
    /// Makes a credential of a kind, under a name for people to read, with what it signed (`client_data`) and its proof (`attestation`).
    pub fn new(
        kind: CredentialKind,
        name: impl Into<String>,
        credential_id: impl Into<String>,
        client_data: impl Into<Secret>,
        attestation: impl Into<Secret>,
    ) -> Self {
        Self {
            kind,
            name: name.into(),
            credential_id: credential_id.into(),
            client_data: client_data.into(),
            attestation: attestation.into(),
            encrypted_private_key: None,
        }
    }

    /// Adds the private key, encrypted by you, that the vendor keeps for the user.
    pub fn with_encrypted_private_key(mut self, key: impl Into<Secret>) -> Self {
        self.encrypted_private_key = Some(key.into());
        self
    }

    /// Gives the kind of credential.
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// Gives the name, for people to read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the credential's id.
    pub fn credential_id(&self) -> &str {
        &self.credential_id
    }

    /// Gives what was signed.
    pub fn client_data(&self) -> &Secret {
        &self.client_data
    }

    /// Gives the proof: a WebAuthn attestation object, or public key and signature.
    pub fn attestation(&self) -> &Secret {
        &self.attestation
    }

    /// Gives the encrypted private key.
    pub fn encrypted_private_key(&self) -> Option<&Secret> {
        self.encrypted_private_key.as_ref()
    }
}

impl From<CredentialAnswer> for Answer {
    fn from(answer: CredentialAnswer) -> Self {
        Self::credential(answer)
    }
}

impl fmt::Debug for CredentialAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialAnswer").field("kind", &self.kind).finish_non_exhaustive()
    }
}
