//! What there is to record, in the shape of OCSF, before the recorder gives it its place.
//!
//! Engine and server make events. Every text that a caller chose goes through [`Event::text`], which takes secrets out;
//! words and ids of our own go through [`Event::word`].

mod content;
mod kind;

pub use content::{ContentRule, digest_of, pieces};
pub use kind::Kind;

use crate::hash::Hash;
use crate::redact::redact;
use casemate_types::{Principal, PrincipalId, ProjectId, TenantId};
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest text of an event that is kept whole, bytes; of a longer one the beginning is.
pub const MAX_TEXT_BYTES: usize = 2048;

/// How something went: OCSF's `status_id`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Went {
    /// It is not over, or cannot go wrong.
    #[default]
    Unsaid,
    /// It was done, or allowed.
    Well,
    /// It failed, or was refused.
    Badly,
}

/// On whose behalf something happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The project.
    pub project_id: ProjectId,
    /// The principal.
    pub principal_id: PrincipalId,
    /// Its name, role and credential, where they are known.
    pub about: Option<(String, &'static str, String)>,
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        Self {
            tenant_id: principal.tenant_id,
            project_id: principal.project_id,
            principal_id: principal.id,
            about: Some((
                principal.name.clone(),
                principal.role.word(),
                principal.credential.to_string(),
            )),
        }
    }
}

/// One thing to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    kind: Kind,
    /// Members of the record before `unmapped`, each with its comma behind it.
    head: String,
    /// Members of `unmapped`, each with its comma before it.
    rest: String,
}

impl Event {
    /// An event of now.
    pub fn new(kind: Kind) -> Self {
        Self::at(kind, SystemTime::now())
    }

    /// An event of a moment.
    pub fn at(kind: Kind, time: SystemTime) -> Self {
        let millis = time
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let (class, activity) = (kind.class(), kind.activity());
        let mut head = String::with_capacity(512);
        let _ = write!(
            head,
            r#""class_uid":{class},"category_uid":{},"activity_id":{activity},"type_uid":{},"time":{millis},"#,
            class / 1000,
            u64::from(class) * 100 + u64::from(activity),
        );
        Self {
            kind,
            head,
            rest: String::with_capacity(512),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Who did it, or for whom it was done.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        self.head.push_str(r#""actor":{"user":{"#);
        let _ = write!(self.head, r#""uid":"{}","#, actor.principal_id);
        if let Some((name, role, credential)) = &actor.about {
            self.head.push_str(r#""name":"#);
            push_redacted(&mut self.head, name);
            let _ = write!(self.head, r#","type":"{role}","credential_uid":"#);
            push_redacted(&mut self.head, credential);
            self.head.push(',');
        }
        let _ = write!(
            self.head,
            r#""org":{{"uid":"{}","ou_uid":"{}"}}}}}},"#,
            actor.tenant_id, actor.project_id
        );
        self
    }

    /// How it went, and how bad that is where it is worse than usual.
    #[must_use]
    pub fn went(mut self, went: Went) -> Self {
        let status = match went {
            Went::Unsaid => 0,
            Went::Well => 1,
            Went::Badly => 2,
        };
        let severity = self.kind.severity();
        let severity = if went == Went::Badly {
            severity.max(2)
        } else {
            severity
        };
        let _ = write!(self.head, r#""status_id":{status},"severity_id":{severity},"#);
        self
    }

    /// A word or an id of our own.
    #[must_use]
    pub fn word(mut self, name: &'static str, word: &str) -> Self {
        self.name(name);
        push_string(&mut self.rest, word);
        self
    }

    /// Something with a form of its own, such as an id.
    #[must_use]
    pub fn shown(self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.word(name, &value.to_string())
    }

    /// A text that somebody else chose: secrets are taken out of it, and of a long one the end.
    #[must_use]
    pub fn text(mut self, name: &'static str, text: &str) -> Self {
        self.name(name);
        push_redacted(&mut self.rest, text);
        self
    }

    /// Texts that somebody else chose.
    #[must_use]
    pub fn texts<'a>(mut self, name: &'static str, texts: impl IntoIterator<Item = &'a str>) -> Self {
        self.name(name);
        self.rest.push('[');
        for (n, text) in texts.into_iter().enumerate() {
            if n > 0 {
                self.rest.push(',');
            }
            push_redacted(&mut self.rest, text);
        }
        self.rest.push(']');
        self
    }

    /// A number.
    #[must_use]
    pub fn number(mut self, name: &'static str, number: u64) -> Self {
        self.name(name);
        let _ = write!(self.rest, "{number}");
        self
    }

    /// A number, where there is one.
    #[must_use]
    pub fn number_if(self, name: &'static str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.number(name, number),
            None => self,
        }
    }

    /// The hash of something.
    #[must_use]
    pub fn hash(mut self, name: &'static str, hash: &Hash) -> Self {
        self.name(name);
        let _ = write!(self.rest, "\"{hash}\"");
        self
    }

    fn name(&mut self, name: &'static str) {
        let _ = write!(self.rest, ",\"{name}\":");
    }

    /// The members of the record, as the recorder takes them: without braces.
    pub fn into_members(mut self) -> String {
        if !self.head.contains("\"status_id\":") {
            self = self.went(Went::Unsaid);
        }
        let Self { kind, mut head, rest } = self;
        head.reserve(rest.len() + 64);
        let _ = write!(head, r#""unmapped":{{"kind":"{}"{rest}}}"#, kind.word());
        head
    }
}

fn push_redacted(to: &mut String, text: &str) {
    // More is looked at than is kept: a secret that is cut in two would not be known by its beginning.
    let clean = redact(&text[..floor(text, MAX_TEXT_BYTES * 2)]);
    push_string(to, &clean[..floor(&clean, MAX_TEXT_BYTES)]);
}

fn floor(text: &str, most: usize) -> usize {
    (0..=text.len().min(most))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0)
}

/// A JSON string, RFC 8259 section 7.
pub(crate) fn push_string(to: &mut String, text: &str) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            // Control characters must be escaped; those behind ASCII might move a terminal's cursor.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(to, "\\u{:04x}", u32::from(c));
            }
            c => to.push(c),
        }
    }
    to.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_in_the_shape_of_ocsf() {
        let actor = Actor::from(&Principal::built_in(casemate_types::Credential::Off));
        let event = Event::new(Kind::Decision)
            .by(&actor)
            .went(Went::Badly)
            .text("why", "quote \" line\n\u{7f} AKIAIOSFODNN7EXAMPLE")
            .texts("policies", ["a", "b"])
            .number("n", 3)
            .hash("h", &Hash::ZERO);
        let json: serde_json::Value =
            serde_json::from_str(&format!("{{{}}}", event.into_members())).expect("json");
        assert_eq!(json["class_uid"], 6003);
        assert_eq!(json["type_uid"], 600_399);
        assert_eq!(json["status_id"], 2);
        assert_eq!(json["actor"]["user"]["name"], "admin");
        assert_eq!(json["unmapped"]["kind"], "policy.decision");
        assert_eq!(json["unmapped"]["policies"][1], "b");
        let why = json["unmapped"]["why"].as_str().expect("text");
        assert!(
            why.starts_with("quote \" line\n") && !why.contains("AKIA"),
            "{why}"
        );
    }

    #[test]
    fn kinds_read_back_and_long_texts_lose_their_end() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(*kind));
        }
        let members = Event::new(Kind::Debug)
            .text("t", &"\u{e4}b ".repeat(5000))
            .into_members();
        assert!(members.len() < MAX_TEXT_BYTES + 512, "{}", members.len());
    }
}
