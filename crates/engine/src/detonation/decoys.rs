//! What a detonated program finds: a home with keys that open nothing, documents that nobody needs, an environment with
//! tokens of nobody. Each holds a mark by which it is known wherever it turns up.

/// The folder in the workspace in which the program runs; its files are there, and nothing else is.
pub const PROJECT: &str = "project";
/// The folder in the workspace that is its home.
pub const HOME: &str = "home";
/// In everything that was planted as a secret. Letters and digits alone, so that no quoting changes it.
pub const MARK: &str = "csmDecoy7Qx2";

/// A file that was planted in the home.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decoy {
    /// Below the home.
    pub path: &'static str,
    /// Its bytes.
    pub content: &'static str,
    /// Whether it is a secret, and no mere document.
    pub secret: bool,
}

const fn secret(path: &'static str, content: &'static str) -> Decoy {
    Decoy {
        path,
        content,
        secret: true,
    }
}

const fn document(path: &'static str, content: &'static str) -> Decoy {
    Decoy {
        path,
        content,
        secret: false,
    }
}

/// Every file.
pub const DECOYS: [Decoy; 18] = [
    secret(
        ".ssh/id_rsa",
        "-----BEGIN OPENSSH PRIVATE KEY-----\ncsmDecoy7Qx2b3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n",
    ),
    secret(
        ".ssh/id_ed25519",
        "-----BEGIN OPENSSH PRIVATE KEY-----\ncsmDecoy7Qx2b3BlbnNzaC1rZXktdjEAAAAAZWQyNTUx\n-----END OPENSSH PRIVATE KEY-----\n",
    ),
    secret(
        ".aws/credentials",
        "[default]\naws_access_key_id = AKIAcsmDecoy7Qx2\naws_secret_access_key = csmDecoy7Qx2wJalrXUtnFEMI\n",
    ),
    secret(".git-credentials", "https://user:csmDecoy7Qx2@example.org\n"),
    secret(".npmrc", "//registry.npmjs.org/:_authToken=npm_csmDecoy7Qx2\n"),
    secret(
        ".pypirc",
        "[pypi]\nusername = __token__\npassword = pypi-csmDecoy7Qx2\n",
    ),
    secret(
        ".docker/config.json",
        "{\"auths\": {\"example.org\": {\"auth\": \"csmDecoy7Qx2\"}}}\n",
    ),
    secret(
        ".kube/config",
        "apiVersion: v1\nkind: Config\nusers:\n- name: user\n  user: {token: csmDecoy7Qx2}\n",
    ),
    secret(
        ".config/gcloud/application_default_credentials.json",
        "{\"refresh_token\": \"csmDecoy7Qx2\"}\n",
    ),
    secret(
        ".config/google-chrome/Default/Cookies",
        "SQLite format 3\0csmDecoy7Qx2",
    ),
    secret(
        ".config/google-chrome/Default/Login Data",
        "SQLite format 3\0csmDecoy7Qx2",
    ),
    secret(
        ".mozilla/firefox/abcd1234.default/cookies.sqlite",
        "SQLite format 3\0csmDecoy7Qx2",
    ),
    secret(
        ".mozilla/firefox/abcd1234.default/logins.json",
        "{\"logins\": [{\"encryptedPassword\": \"csmDecoy7Qx2\"}]}\n",
    ),
    document("Documents/report.docx", "report of the year\n"),
    document("Documents/budget.xlsx", "budget of the year\n"),
    document("Documents/notes.txt", "notes\n"),
    document("Pictures/holiday.jpg", "\u{ff}\u{d8}\u{ff} a picture\n"),
    document("Desktop/todo.txt", "things to do\n"),
];

/// Variables, each with the mark.
pub const VARIABLES: [(&str, &str); 5] = [
    ("AWS_ACCESS_KEY_ID", "AKIAcsmDecoy7Qx2"),
    ("AWS_SECRET_ACCESS_KEY", "csmDecoy7Qx2wJalrXUtnFEMI"),
    ("GITHUB_TOKEN", "ghp_csmDecoy7Qx2"),
    ("NPM_TOKEN", "npm_csmDecoy7Qx2"),
    ("OPENAI_API_KEY", "sk-csmDecoy7Qx2"),
];

/// The decoy at an absolute path of the sandbox.
pub fn at(path: &str) -> Option<&'static Decoy> {
    let below = path
        .strip_prefix("/workspace/")?
        .strip_prefix(HOME)?
        .strip_prefix('/')?;
    DECOYS.iter().find(|decoy| decoy.path == below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_has_the_mark_and_no_document_has() {
        for decoy in DECOYS {
            assert_eq!(decoy.content.contains(MARK), decoy.secret, "{}", decoy.path);
        }
        assert!(VARIABLES.iter().all(|(_, value)| value.contains(MARK)));
        assert!(at("/workspace/home/.ssh/id_rsa").is_some_and(|decoy| decoy.secret));
        assert!(at("/workspace/homes/.ssh/id_rsa").is_none());
    }
}
