//! Patterns of paths: `*` is any run of characters of one segment, `**` of any number of segments, `{a,b}` one of both.

/// A pattern without alternatives.
#[derive(Clone, Debug)]
pub struct Glob {
    text: Box<[u8]>,
}

/// What of a pattern is known before matching.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// It is this path.
    Whole(String),
    /// Its last segment is this.
    Last(String),
    /// Its first segment is this.
    First(String),
    /// Nothing.
    None,
}

impl Glob {
    /// The patterns that a written one stands for.
    pub fn expand(written: &str) -> Vec<Self> {
        let parts = written.split_once('{').and_then(|(before, rest)| {
            rest.split_once('}')
                .map(|(inside, after)| (before, inside, after))
        });
        match parts {
            None => vec![Self::new(written)],
            Some((before, inside, after)) => inside
                .split(',')
                .flat_map(|one| Self::expand(&format!("{before}{}{after}", one.trim())))
                .collect(),
        }
    }

    fn new(text: &str) -> Self {
        Self {
            text: text.as_bytes().into(),
        }
    }

    /// What a table may hold it by.
    pub fn key(&self) -> Key {
        let text = String::from_utf8_lossy(&self.text).into_owned();
        if !text.contains('*') {
            return Key::Whole(text);
        }
        if let Some((_, last)) = text.rsplit_once('.')
            && !last.contains('*')
        {
            return Key::Last(last.to_owned());
        }
        match text.split_once('.') {
            Some((first, _)) if !first.contains('*') => Key::First(first.to_owned()),
            _ => Key::None,
        }
    }

    /// Whether the path is one of those that are meant.
    pub fn matches(&self, path: &str) -> bool {
        let (glob, path) = (&*self.text, path.as_bytes());
        let (mut g, mut p) = (0, 0);
        // Where to go on when what follows a star does not fit: behind the star, and the first byte not yet its own.
        let mut star: Option<(usize, usize)> = None;
        let mut wide: Option<(usize, usize)> = None;
        loop {
            if glob[g..].starts_with(b"**") {
                g += 2;
                wide = Some((g, p));
                star = None;
            } else if glob.get(g) == Some(&b'*') {
                g += 1;
                star = Some((g, p));
            } else if p < path.len() && glob.get(g) == path.get(p) {
                g += 1;
                p += 1;
            } else if g == glob.len() && p == path.len() {
                return true;
            } else if let Some((behind, taken)) =
                star.filter(|(_, taken)| path.get(*taken).is_some_and(|b| *b != b'.'))
            {
                star = Some((behind, taken + 1));
                (g, p) = (behind, taken + 1);
            } else if let Some((behind, taken)) = wide.filter(|(_, taken)| *taken < path.len()) {
                wide = Some((behind, taken + 1));
                star = None;
                (g, p) = (behind, taken + 1);
            } else {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, path: &str, expected: bool) {
        let any = Glob::expand(glob).iter().any(|one| one.matches(path));
        assert_eq!(any, expected, "{glob} on {path}");
    }

    #[test]
    fn matches_segments() {
        check("os.system", "os.system", true);
        check("os.system", "os.systems", false);
        check("subprocess.*", "subprocess.Popen", true);
        check("subprocess.*", "subprocess.Popen().wait", false);
        check("subprocess.**", "subprocess.Popen().wait", true);
        check("**.execute", "?.execute", true);
        check("**.execute", "sqlite3.connect().cursor().execute", true);
        check("**.execute", "sqlite3.connect().executemany", false);
        check("os.{popen,system}", "os.popen", true);
        check("{os,posix}.{popen,system}", "posix.system", true);
        check("**.a*.b", "x.ab.c.ac.b", true);
        check("**.a*.b", "x.ab.c.b", false);
        check("sh:mkfs*", "sh:mkfs", true);
        check("sh:mkfs*", "sh:mkfs.ext4", false);
        check("sh:mkfs**", "sh:mkfs.ext4", true);
        check("**", "", true);
        check("*", "a.b", false);
    }

    #[test]
    fn tells_keys() {
        assert_eq!(Glob::new("a.b").key(), Key::Whole("a.b".to_owned()));
        assert_eq!(Glob::new("**.b").key(), Key::Last("b".to_owned()));
        assert_eq!(Glob::new("a.*").key(), Key::First("a".to_owned()));
        assert_eq!(Glob::new("a*").key(), Key::None);
    }
}
