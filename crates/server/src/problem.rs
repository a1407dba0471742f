//! What a client is told when it gets no result: RFC 9457, `application/problem+json`. The one place that maps
//! our errors to statuses. It never says more than [`StoreError::public`] does of what failed inside.

use casemate_engine::EngineError;
use casemate_engine::service::SubmitError;
use casemate_engine::service::store::StoreError;
use casemate_types::{Action, RequestError, with_causes};
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;

/// The kinds of problems; each is a URN, a title and a status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The body is no JSON.
    MalformedJson,
    /// A field is of a wrong type or form, or is missing.
    InvalidField,
    /// A field that there is not.
    UnknownField,
    /// A field twice.
    DuplicateField,
    /// A value outside its bounds.
    OutOfRange,
    /// The language is unknown, or not installed here.
    LanguageUnavailable,
    /// There is no credential.
    Unidentified,
    /// The credential does not count.
    BadCredential,
    /// The caller may not do this.
    Denied,
    /// The request came from a web page of somebody else, or by a name that is not ours.
    Foreign,
    /// There is no such thing.
    NotFound,
    /// The path does not take this method.
    MethodNotAllowed,
    /// The body took too long.
    BodyTimeout,
    /// The body is too large.
    BodyTooLarge,
    /// The body is of another media type.
    MediaType,
    /// The key came with another body before.
    KeyReused,
    /// The queue is full.
    QueueFull,
    /// We failed.
    Internal,
    /// We cannot do it now.
    Unavailable,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::MalformedJson,
        Self::InvalidField,
        Self::UnknownField,
        Self::DuplicateField,
        Self::OutOfRange,
        Self::LanguageUnavailable,
        Self::Unidentified,
        Self::BadCredential,
        Self::Denied,
        Self::Foreign,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTimeout,
        Self::BodyTooLarge,
        Self::MediaType,
        Self::KeyReused,
        Self::QueueFull,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Its URN, title and status.
    pub fn facts(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::MalformedJson => ("urn:casemate:problem:malformed-json", "The body is not JSON", 400),
            Self::InvalidField => ("urn:casemate:problem:invalid-field", "A field is not valid", 400),
            Self::UnknownField => ("urn:casemate:problem:unknown-field", "A field is not known", 400),
            Self::DuplicateField => (
                "urn:casemate:problem:duplicate-field",
                "A field is there twice",
                400,
            ),
            Self::OutOfRange => (
                "urn:casemate:problem:out-of-range",
                "A value is out of its bounds",
                400,
            ),
            Self::LanguageUnavailable => (
                "urn:casemate:problem:language-unavailable",
                "The language is not available",
                400,
            ),
            Self::Unidentified => ("urn:casemate:problem:unidentified", "A credential is needed", 401),
            Self::BadCredential => (
                "urn:casemate:problem:bad-credential",
                "The credential does not count",
                401,
            ),
            Self::Denied => ("urn:casemate:problem:denied", "The caller may not do this", 403),
            Self::Foreign => (
                "urn:casemate:problem:foreign",
                "The request is not from this machine",
                403,
            ),
            Self::NotFound => ("urn:casemate:problem:not-found", "There is no such thing", 404),
            Self::MethodNotAllowed => (
                "urn:casemate:problem:method-not-allowed",
                "The path does not take this method",
                405,
            ),
            Self::BodyTimeout => ("urn:casemate:problem:body-timeout", "The body took too long", 408),
            Self::BodyTooLarge => (
                "urn:casemate:problem:body-too-large",
                "The body is too large",
                413,
            ),
            Self::MediaType => (
                "urn:casemate:problem:media-type",
                "The body is of another media type",
                415,
            ),
            Self::KeyReused => (
                "urn:casemate:problem:idempotency-key-reused",
                "The idempotency key was used with another body",
                422,
            ),
            Self::QueueFull => ("urn:casemate:problem:queue-full", "The queue is full", 429),
            Self::Internal => ("urn:casemate:problem:internal", "The service failed", 500),
            Self::Unavailable => (
                "urn:casemate:problem:unavailable",
                "The service cannot do it now",
                503,
            ),
        }
    }
}

/// One problem, as its client is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What kind.
    pub kind: Kind,
    /// One sentence on this case.
    pub detail: Cow<'static, str>,
    /// The field, parameter or header that must change.
    pub field: Option<Cow<'static, str>>,
    /// What it must stay within.
    pub bound: Option<Cow<'static, str>>,
    /// What policies denied.
    pub denial: Option<Box<Denial>>,
    /// When the same request may be tried again.
    pub retry_after: Option<Duration>,
    /// What only the administrator is told.
    pub internal: Option<Box<str>>,
}

/// What policies denied, and which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denial {
    /// What was asked for.
    pub action: Action,
    /// The policies that denied it; none where none permits it.
    pub policies: Vec<String>,
}

/// The body of a problem.
#[derive(Serialize)]
struct WireProblem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    field: Option<&'a str>,
    bound: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policies: Option<&'a [String]>,
}

/// What clients are told of our own failures.
const OPAQUE: &str = "the service failed; its log says why";

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            field: None,
            bound: None,
            denial: None,
            retry_after: None,
            internal: None,
        }
    }

    /// Names the field.
    pub fn field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Names the bound.
    pub fn bound(mut self, bound: impl Into<Cow<'static, str>>) -> Self {
        self.bound = Some(bound.into());
        self
    }

    /// A field of a wrong type or form.
    pub fn invalid(field: impl Into<Cow<'static, str>>, expected: &'static str) -> Self {
        let field = field.into();
        Self::new(Kind::InvalidField, format!("{field}: {expected} is expected"))
            .field(field)
            .bound(expected)
    }

    /// Nothing is there, or nothing that this client may know of.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "there is nothing at this path")
    }

    /// It may be tried again after a while.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Kind::Unavailable, detail)
        }
    }

    /// We failed; the message is for the administrator only.
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            internal: Some(message.into().into_boxed_str()),
            ..Self::new(Kind::Internal, OPAQUE)
        }
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.kind.facts().2
    }

    /// The body.
    pub fn to_json(&self) -> Vec<u8> {
        let (r#type, title, status) = self.kind.facts();
        let wire = WireProblem {
            r#type,
            title,
            status,
            detail: &self.detail,
            field: self.field.as_deref(),
            bound: self.bound.as_deref(),
            action: self.denial.as_ref().map(|denial| denial.action.word()),
            policies: self.denial.as_ref().map(|denial| &*denial.policies),
        };
        // Texts and a number: it cannot fail.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let detail = error.to_string();
        let (kind, field, bound) = match error {
            RequestError::OutOfRange { field, bound, .. } | RequestError::TooMuch { field, bound, .. } => {
                (Kind::OutOfRange, field, Cow::Owned(bound))
            }
            RequestError::Form { field, expected, .. } => {
                (Kind::InvalidField, field, Cow::Borrowed(expected))
            }
        };
        Self::new(kind, detail).field(field).bound(bound)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let mut problem = match error.retry_after() {
            Some(after) => Self::unavailable(error.public(), after),
            None => Self::new(Kind::Internal, error.public()),
        };
        problem.internal = Some(with_causes(&error).into());
        problem
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Request(error) => error.into(),
            EngineError::UnknownLanguage(name) => {
                let detail = format!("language: {name:?} is unknown; GET /v1/languages lists what there is");
                Self::new(Kind::LanguageUnavailable, detail)
                    .field("language")
                    .bound("a name or alias of GET /v1/languages")
            }
            EngineError::NotHere(reason) => {
                Self::new(Kind::LanguageUnavailable, format!("language: {reason}"))
                    .field("language")
                    .bound("a language that is available in GET /v1/languages")
            }
            EngineError::Store(error) => error.into(),
            other => Self::internal(with_causes(&other)),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Engine(error) => error.into(),
            SubmitError::Store(error) => error.into(),
            SubmitError::Full(full) => Self {
                retry_after: Some(full.retry_after),
                ..Self::new(Kind::QueueFull, "as many executions wait as may")
            },
            SubmitError::Conflict => Self::new(
                Kind::KeyReused,
                "the Idempotency-Key came with another body before",
            )
            .field("Idempotency-Key"),
        }
    }
}
