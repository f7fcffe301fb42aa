//! Replies of doubles, and why they say no.

use serde_json::Value;

/// A reply of a double, before it is written.
#[derive(Clone, Debug, Default)]
pub(in crate::testing) struct HttpReply {
    pub(in crate::testing) status: u16,
    pub(in crate::testing) headers: Vec<(String, String)>,
    pub(in crate::testing) body: Vec<u8>,
}

/// Why a request is denied before the vendor looks at what it means.
#[derive(Clone, Debug)]
pub(in crate::testing) enum Denial {
    /// No HTTP/1.1 request.
    NotHttp,
    /// The line and the headers are too long, or too many.
    HeadTooLarge,
    TooLarge,
    NotFound,
    /// The path is there, with another method.
    Method,
    Unauthorized,
    /// There is no body, or it cannot be read: why, in words.
    Unreadable(String),
    /// A fault that was asked for.
    Status(u16),
}

impl Denial {
    pub(in crate::testing) fn status(&self) -> u16 {
        match self {
            Self::NotHttp | Self::Unreadable(_) => 400,
            Self::HeadTooLarge => 431,
            Self::TooLarge => 413,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::Unauthorized => 401,
            Self::Status(status) => *status,
        }
    }

    /// Says it in words.
    pub(in crate::testing) fn message(&self) -> &str {
        match self {
            Self::NotHttp => "the request cannot be read",
            Self::HeadTooLarge => "the headers are too large",
            Self::TooLarge => "the request is too large",
            Self::NotFound => "there is nothing at this path",
            Self::Method => "the method is not allowed at this path",
            Self::Unauthorized => "the credentials are missing or wrong",
            Self::Unreadable(reason) => reason,
            Self::Status(402) => "not in the plan",
            Self::Status(403) => "not permitted",
            Self::Status(409) => "conflict",
            Self::Status(429) => "too many requests",
            Self::Status(500..) => "internal error",
            Self::Status(_) => "the request was refused",
        }
    }
}

impl HttpReply {
    pub(in crate::testing) fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: vec![("content-type".into(), "application/json".into())], body: body.to_string().into_bytes() }
    }

    pub(in crate::testing) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(in crate::testing) fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Gives what is written to the connection: status line and headers, then the body unless it is a reply to HEAD.
    pub(in crate::testing) fn whole(&self, is_head: bool, keep_alive: bool) -> Vec<u8> {
        let mut whole = self.head(self.body.len(), keep_alive).into_bytes();
        if !is_head {
            whole.extend_from_slice(&self.body);
        }
        whole
    }

    /// Gives status line and headers.
    pub(in crate::testing) fn head(&self, length: usize, keep_alive: bool) -> String {
        let reason = http::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
        let mut head = format!("HTTP/1.1 {} {reason}\r\ncontent-length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(if keep_alive { "\r\n" } else { "connection: close\r\n\r\n" });
        head
    }
}
