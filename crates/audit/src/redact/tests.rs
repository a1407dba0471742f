//! Both sides: what goes, and what stays.

use super::redact;

/// Split, so that no scanner takes this file for a leak.
fn secrets() -> Vec<(&'static str, String)> {
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----";
    vec![
        (
            "casemate_key",
            [
                "csm_",
                "01jdq3zv8k9w2m4n6p7r8s9t0v_",
                "Zq8vX2mN4pR6tW9yB1cD3fG5hJ7kL0aSdFgHjKlQwEr_abc123",
            ]
            .concat(),
        ),
        ("aws_access_key", ["AKIA", "IOSFODNN7EXAMPLE"].concat()),
        ("aws_access_key", ["ASIA", "Y34FZKBOKMUTVV7A"].concat()),
        (
            "high_entropy",
            ["wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"].concat(),
        ),
        (
            "github_token",
            ["ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat(),
        ),
        (
            "github_token",
            [
                "github_pat_",
                "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXY",
            ]
            .concat(),
        ),
        (
            "jwt",
            [
                "eyJhbGciOiJIUzI1NiJ9",
                ".eyJzdWIiOiIxMjM0NTY3ODkwIn0",
                ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            ]
            .concat(),
        ),
        ("private_key", key.to_owned()),
        (
            "password",
            ["postgres://app:", "hunter2secret", "@db.example:5432/app"].concat(),
        ),
        (
            "password",
            ["Server=db;User Id=sa;Password=", "S3cr3t!Value;"].concat(),
        ),
        (
            "slack_token",
            ["xoxb-", "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"].concat(),
        ),
        (
            "google_key",
            ["AIza", "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"].concat(),
        ),
        ("stripe_key", ["sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"].concat()),
        (
            "openai_key",
            ["sk-proj-", "abcDEF123456789012345678ghiJKL"].concat(),
        ),
        (
            "bearer_token",
            ["Authorization: Bearer ", "mF_9.B5f-4.1JqM.long.enough"].concat(),
        ),
        (
            "assigned_secret",
            ["API_KEY = \"", "correct-horse-battery\""].concat(),
        ),
        ("assigned_secret", ["'db_password': '", "hunter22'"].concat()),
        ("high_entropy", "q9X2mN4pR6tW8yB1cD3fG5hJ7kL0aSdF".to_owned()),
        (
            "high_entropy",
            "Zx8Kq2/Lm9+Rt4Vw7Yb1Nc6Pd3Fs5Gh0JkQeWaUi=".to_owned(),
        ),
    ]
}

#[test]
fn secrets_go() {
    for (kind, secret) in secrets() {
        for (before, after) in [("", ""), ("x = f(", ") # \u{e4}"), ("\u{e4}: ", "\nnext line")] {
            let text = format!("{before}{secret}{after}");
            let clean = redact(&text);
            assert!(clean.contains(&format!("[redacted:{kind}]")), "{text} -> {clean}");
            let tail: String = secret
                .chars()
                .rev()
                .take(12)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            let is_address = kind == "password" || kind == "assigned_secret";
            assert!(is_address || !clean.contains(&tail), "{text} -> {clean}");
        }
    }
}

#[test]
fn what_is_no_secret_stays() {
    let wrapped = "Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fs5Gh0JkQeWaUiZx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fs5Gh0JkQeWaUi\n".repeat(4);
    let long = "Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fs5Gh0JkQeWaUi".repeat(20);
    for text in [
        "123e4567-e89b-12d3-a456-426614174000",
        "01jdq3zv8k9w2m4n6p7r8s9t0v",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "github.com/x/y v1.2.3 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "The quick brown fox jumps over the lazy dog, 42 times since 2024.",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "<img src=\"data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\">",
        "/usr/lib/python3.11/site-packages/numpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so",
        "java.lang.AbstractSingletonProxyFactoryBean2ConfigurationTest",
        "x = [0x12345678, 0x9abcdef0]; print(sum(range(1000000)))",
        "const token = await client.login(user); if (password === null) return",
        "https://example.com/a/b?c=d&e=f#section-2",
        "user@example.com wrote: see http://host:8080/path",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "",
        &wrapped,
        &long,
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn text_with_secrets_is_cleaned_once_and_for_all() {
    for (_, secret) in secrets() {
        let once = redact(&secret).into_owned();
        assert_eq!(redact(&once), once, "{secret}");
    }
}
