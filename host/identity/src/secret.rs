//! Secrets that are shown once: session and API tokens, generated passwords. Only digests of them are stored.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use conman_kernel::digest::Digest;

use crate::error::{IdentityError, Result};

/// What session secrets begin with, so that scanners of leaked code recognise them.
pub(crate) const SESSION: &str = "cms_";
/// What API tokens begin with.
pub(crate) const TOKEN: &str = "cmt_";

/// A secret on its way to the person it is for. Formatting it shows nothing: logs cannot leak it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// 32 random bytes behind a prefix that says what it opens.
    pub(crate) fn bearer(prefix: &str) -> Result<Self> {
        let bytes: [u8; 32] = random()?;
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// A password that can be read out over a radio: 20 letters and digits without look-alikes, about 99 bits.
    pub(crate) fn password() -> Result<Self> {
        const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";
        // The letter z is there twice, because 32 symbols cut a byte evenly; that costs a tenth of a bit per symbol.
        let bytes: [u8; 20] = random()?;
        let mut text = String::with_capacity(23);
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 && at % 5 == 0 {
                text.push('-');
            }
            if let Some(symbol) = ALPHABET.get(usize::from(byte % 32)) {
                text.push(char::from(*symbol));
            }
        }
        Ok(Self(text))
    }

    /// What is stored of it.
    pub(crate) fn digest(&self) -> Digest {
        digest(&self.0)
    }
}

/// What is stored of a bearer secret. It has 256 random bits, so that a fast digest without salt is enough.
pub(crate) fn digest(bearer: &str) -> Digest {
    Digest::of(bearer.as_bytes())
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| IdentityError::Internal(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        let secret = Secret::bearer(SESSION).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(secret.reveal().starts_with("cms_") && secret.reveal().len() == 4 + 43);
    }

    #[test]
    fn a_generated_password_has_four_groups() {
        let password = Secret::password().unwrap();
        assert_eq!(password.reveal().split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5]);
    }
}
