//! The first key of an installation: made at the first start, for whoever started it, in a file that nobody else may
//! read. It is never printed or logged.

use super::settings::ServeSettings;
use crate::private::write_private;
use crate::remote::credential::{ADMIN_KEY, PrivateKey};
use anyhow::{Context, Result};
use casemate_policy::identity::ApiKey;
use casemate_policy::identity::key::SECRET_BYTES;
use casemate_sys::random;
use casemate_types::KeyId;
use casemate_types::id::RANDOM_BYTES;
use std::path::Path;
use std::time::SystemTime;

/// The file of the server's secret, in the server's folder; the server makes it at its first start.
pub const PEPPER: &str = "pepper";

/// The key that is installed when the state holds none: that of the file, which is made at the first start. `None`
/// when there were starts before and somebody took the file away.
///
/// # Errors
/// When the file cannot be made, or is there and others may read it, or it holds no key.
pub fn load_or_make(settings: &ServeSettings) -> Result<Option<ApiKey>> {
    let file = settings.state_dir.join(ADMIN_KEY);
    match PrivateKey::read(&file)? {
        Some(key) => Ok(Some(key.parse()?)),
        None if settings.folder.join(PEPPER).exists() => Ok(None),
        None => make(&file).map(Some),
    }
}

fn make(file: &Path) -> Result<ApiKey> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let (mut of_id, mut of_secret) = ([0; RANDOM_BYTES], [0; SECRET_BYTES]);
    random::fill(&mut of_id).context("make the first key")?;
    random::fill(&mut of_secret).context("make the first key")?;
    let key = ApiKey::new(KeyId::at(now, of_id), &of_secret);
    write_private(file, format!("{}\n", *key.reveal()).as_bytes())
        .with_context(|| format!("keep the first key in {}", file.display()))?;
    Ok(key)
}
